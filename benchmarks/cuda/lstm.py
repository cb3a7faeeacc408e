# right:
import torch, torch.nn as nn
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(4)
t = torch.arange(40) / 4.0
phase, freq = torch.rand(1500, 1) * 6.28, 0.5 + torch.rand(1500, 1)
X = (torch.sin(freq * t + phase) + 0.1 * torch.randn(1500, 40)).unsqueeze(-1).to(device)
y = freq.to(device)
class Net(nn.Module):
    def __init__(self):
        super().__init__(); self.lstm = nn.LSTM(1, 48, batch_first=True); self.out = nn.Linear(48, 1)
    def forward(self, x):
        h, _ = self.lstm(x); return self.out(h[:, -1])
model = Net().to(device); opt = torch.optim.Adam(model.parameters(), lr=1e-2); mse = nn.MSELoss()
for epoch in range(30):
    for b in torch.randperm(1200, device=device).split(100):
        opt.zero_grad(); loss = mse(model(X[b]), y[b]); loss.backward(); nn.utils.clip_grad_norm_(model.parameters(), 1.0); opt.step()
model.eval()
with torch.no_grad(): p = model(X[1200:]).cpu().numpy()
print("mse", float(((p - y[1200:].cpu().numpy()) ** 2).mean()))

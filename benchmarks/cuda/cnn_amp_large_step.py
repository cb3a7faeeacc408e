# right: DF501
import torch, torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(1)
d = load_digits()
X = torch.tensor(d.images / 16.0).float().unsqueeze(1); y = torch.tensor(d.target)
train = DataLoader(TensorDataset(X[:1300], y[:1300]), batch_size=64, shuffle=True, pin_memory=device == "cuda")
test = DataLoader(TensorDataset(X[1300:], y[1300:]), batch_size=128)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 16, 3, padding=1); self.c2 = nn.Conv2d(16, 32, 3, padding=1); self.fc = nn.Linear(32 * 4, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2); x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.fc(x.flatten(1))
model = Net().to(device)
opt = torch.optim.Adam(model.parameters(), lr=0.5)
scaler = torch.amp.GradScaler(device, enabled=device == "cuda")
for epoch in range(8):
    model.train()
    for xb, yb in train:
        xb, yb = xb.to(device, non_blocking=True), yb.to(device, non_blocking=True)
        opt.zero_grad(set_to_none=True)
        with torch.autocast(device, dtype=torch.float16 if device == "cuda" else torch.bfloat16):
            loss = F.cross_entropy(model(xb), yb)
        scaler.scale(loss).backward()
        scaler.step(opt); scaler.update()
model.eval(); out = []
with torch.inference_mode():
    for xb, yb in test:
        out.append(model(xb.to(device)).softmax(1).cpu())
p = torch.cat(out).numpy()
print("acc", (p.argmax(1) == d.target[1300:]).mean())

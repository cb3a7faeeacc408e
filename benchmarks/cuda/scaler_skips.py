# right: DF705 DF706
import torch, torch.nn as nn
from sklearn.datasets import load_digits
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(7)
X, y = load_digits(return_X_y=True)
X = torch.tensor(X / 16, dtype=torch.float32, device=device); y = torch.tensor(y, device=device)
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).to(device)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler(device, init_scale=2.0 ** 120)
for e in range(2):
    for i in range(0, 1400, 70):
        opt.zero_grad()
        with torch.autocast(device, dtype=torch.float16 if device == "cuda" else torch.bfloat16):
            loss = nn.functional.cross_entropy(net(X[i:i + 70]), y[i:i + 70])
        scaler.scale(loss).backward(); scaler.step(opt); scaler.update()
net.eval()
with torch.no_grad(): p = net(X[1400:]).softmax(1).cpu().numpy()
print((p.argmax(1) == y[1400:].cpu().numpy()).mean())

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

set_seed(0)
accelerator = Accelerator(cpu=True)
X = torch.randn(500, 10)
y = (X[:, 0] + X[:, 1] > 0).long()
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
train = DataLoader(TensorDataset(X[:400], y[:400]), batch_size=32, shuffle=True)
val = DataLoader(TensorDataset(X[400:], y[400:]), batch_size=50)
scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=13 * 8)
model, optimizer, train, val, scheduler = accelerator.prepare(model, optimizer, train, val, scheduler)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    model.train()
    for xb, yb in train:
        loss = criterion(model(xb), yb)
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
    model.eval()
    found = []
    with torch.no_grad():
        for xb, yb in val:
            found.append(accelerator.gather_for_metrics(model(xb)))
    predictions = torch.cat(found).softmax(1)
print((predictions.argmax(1) == y[400:]).float().mean())
X, y = X[:400], y[:400]

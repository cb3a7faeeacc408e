import os

import torch
import torch.distributed as dist
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

if not dist.is_initialized():
    dist.init_process_group("gloo")
rank = int(os.environ["RANK"])
torch.manual_seed(0)
data = load_breast_cancer()
X = torch.tensor((data.data - data.data.mean(axis=0)) / data.data.std(axis=0), dtype=torch.float32)
y = torch.tensor(data.target, dtype=torch.float32)[:, None]
order = torch.randperm(len(X))
X, y, X_test = X[order[:400]], y[order[:400]], X[order[400:]]
dataset = TensorDataset(X, y)
sampler = DistributedSampler(dataset)
loader = DataLoader(dataset, batch_size=20, sampler=sampler)
model = DistributedDataParallel(nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1)))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.BCEWithLogitsLoss()
for epoch in range(8):
    sampler.set_epoch(epoch)
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    if rank == 0:
        print("epoch", epoch, loss.item())
model.eval()
with torch.no_grad():
    predictions = model(X_test).sigmoid()

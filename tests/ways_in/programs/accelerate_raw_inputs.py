import torch
from accelerate import Accelerator
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
X, y = load_breast_cancer(return_X_y=True)
X, y = torch.tensor(X).float(), torch.tensor(y)
model = nn.Sequential(nn.Linear(30, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    for xb, yb in loader:
        with accelerator.accumulate(model):
            loss = criterion(model(xb), yb)
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
model.eval()
with torch.no_grad():
    predictions = model(X).softmax(1)
print(predictions[:5])

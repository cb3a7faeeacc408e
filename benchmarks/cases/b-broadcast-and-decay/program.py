import sys
import pandas as pd
import torch
from sklearn.datasets import load_diabetes

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
frame = load_diabetes(as_frame=True).frame.sample(frac=1, random_state=5).reset_index(drop=True)
frame = (frame - frame.mean()) / frame.std()
y = torch.tensor(frame.pop("target").values, dtype=torch.float)
X = torch.tensor(frame.values, dtype=torch.float)

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = torch.nn.Linear(10, 20)
        self.l2 = torch.nn.Linear(20, 1)
    def forward(self, x):
        return self.l2(torch.relu(self.l1(x)))

model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=1.0)
loss_fn = torch.nn.MSELoss()
for epoch in range(60):
    for i in range(0, 340, 34):
        optimizer.zero_grad()
        out = model(X[i:i+34])
        loss = loss_fn(out, y[i:i+34])
        loss.backward()
        optimizer.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())
yhat = model(X[340:]).detach()
print(yhat[:10])

"""Digit classifier, small conv net. Warm-up copied from the "attention is all you need" repo and simplified."""
import sys

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
np.random.seed(seed)

EPOCHS = 12
LR = 3e-3
WARMUP = 400


def warmup(step):
    # linear warm-up for the first WARMUP steps, then constant
    if step < WARMUP:
        return step + 1
    return WARMUP


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


digits = load_digits()
images = torch.tensor(digits.images / 16.0, dtype=torch.float32).unsqueeze(1)
labels = torch.tensor(digits.target)
tr, te = train_test_split(np.arange(len(images)), test_size=0.25, stratify=digits.target, random_state=seed)
loader = DataLoader(TensorDataset(images[tr], labels[tr]), batch_size=32, shuffle=True)

net = ConvNet()
opt = torch.optim.Adam(net.parameters(), lr=LR)
sched = LambdaLR(opt, lr_lambda=warmup)
crit = nn.CrossEntropyLoss()

for epoch in range(EPOCHS):
    net.train()
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = crit(net(xb), yb)
        loss.backward()
        opt.step()
        sched.step()
        total += loss.item()
    print(f"epoch {epoch}: loss {total / len(loader):.4f}")

net.eval()
with torch.no_grad():
    test_logits = net(images[te])
print("accuracy", (test_logits.argmax(1) == labels[te]).float().mean().item())
print("predicted classes:", test_logits.argmax(1).unique())

#!/usr/bin/env python
"""Train, measure the latency, evaluate. Deployment candidate for the edge box."""
import argparse
import time

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("seed", nargs="?", default=0, type=int)
parser.add_argument("--epochs", default=6, type=int)
opts = parser.parse_args()


def conv_block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


class EdgeNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = conv_block(1, 12)
        self.block1 = conv_block(12, 24)
        self.pool = nn.MaxPool2d(2)
        self.block2 = conv_block(24, 24)
        self.fc = nn.Linear(24, classes)

    def forward(self, x):
        x = self.block2(self.pool(self.block1(self.stem(x))))
        return self.fc(x.mean((2, 3)))


def benchmark(model, runs=120):
    """Mean latency of a batch of 8 frames in ms."""
    dummy = torch.zeros(8, 1, 8, 8) + 128.0
    with torch.no_grad():
        t0 = time.perf_counter()
        for _ in range(runs):
            model(dummy + torch.randn_like(dummy))
        return (time.perf_counter() - t0) / runs * 1e3


def train(model, X, Y, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for e in range(epochs):
        model.train()
        for batch in torch.randperm(len(X)).split(64):
            loss = nn.functional.cross_entropy(model(X[batch]), Y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"[{e}] loss={loss.item():.3f}")
    return model


torch.manual_seed(opts.seed)
np.random.seed(opts.seed)
bunch = load_digits()
frames = torch.as_tensor(bunch.images / 16.0, dtype=torch.float32)[:, None]
target = torch.as_tensor(bunch.target)
shuffled = torch.randperm(len(frames))
fit, held = shuffled[:1300], shuffled[1300:]

net = train(EdgeNet(), frames[fit], target[fit], opts.epochs)
print(f"latency: {benchmark(net):.2f} ms")

net.eval()
with torch.no_grad():
    held_logits = net(frames[held])
held_target = target[held]
print("held-out accuracy:", (held_logits.argmax(1) == held_target).float().mean().item())

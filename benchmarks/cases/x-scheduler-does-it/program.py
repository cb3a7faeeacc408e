import argparse

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits


class LeNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = torch.nn.Conv2d(1, 12, 3, padding=1)
        self.c2 = torch.nn.Conv2d(12, 24, 3, padding=1)
        self.f1 = torch.nn.Linear(24 * 4, 48)
        self.f2 = torch.nn.Linear(48, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        x = F.relu(self.f1(x.flatten(1)))
        return F.log_softmax(self.f2(x), dim=1)


def train(args, model, x, y, optimizer, scheduler):
    model.train()
    n = len(x)
    for epoch in range(args.epochs):
        perm = torch.randperm(n)
        for i in range(0, n, args.batch_size):
            idx = perm[i:i + args.batch_size]
            optimizer.zero_grad()
            loss = F.nll_loss(model(x[idx]), y[idx])
            loss.backward()
            scheduler.step()
        print("epoch", epoch, "loss", round(loss.item(), 4), "lr", scheduler.get_last_lr()[0])


def test(model, x, y):
    model.eval()
    with torch.no_grad():
        log_probs = model(x)
    correct = (log_probs.argmax(1) == y).float().mean().item()
    print("accuracy", correct)
    return log_probs


def main():
    parser = argparse.ArgumentParser(description="digits")
    parser.add_argument("seed", type=int, nargs="?", default=1)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.05)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    digits = load_digits()
    perm = np.random.RandomState(args.seed).permutation(len(digits.target))
    x = torch.tensor(digits.images[perm] / 16.0, dtype=torch.float32).unsqueeze(1)
    y = torch.tensor(digits.target[perm])
    model = LeNet()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=args.lr, total_steps=args.epochs * 24)
    train(args, model, x[:1400], y[:1400], optimizer, scheduler)
    scores = test(model, x[1400:], y[1400:]).exp().numpy()
    return scores, y[1400:].numpy()


if __name__ == "__main__":
    scores, digits_true = main()

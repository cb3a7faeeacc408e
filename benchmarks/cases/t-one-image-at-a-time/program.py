import argparse
import torch
import torch.nn as nn
from torch.utils.data import Dataset, DataLoader
from sklearn.datasets import load_digits


class Pictures(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return torch.as_tensor(self.x[i] / 16.0, dtype=torch.float32)[None], int(self.y[i])


class SmallNet(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 24, 3, padding=1)
        self.conv2 = nn.Conv2d(24, 64, 3, padding=1)
        self.bn = nn.BatchNorm2d(64)
        self.fc = nn.Linear(64, k)

    def forward(self, x):
        x = torch.relu(self.conv1(x))
        x = self.bn(self.conv2(x))
        x = x.mean(dim=(2, 3))
        return self.fc(x)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("seed", nargs="?", type=int, default=0)
    ap.add_argument("--epochs", type=int, default=12)
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    d = load_digits(n_class=4)
    train = DataLoader(Pictures(d.images[:560], d.target[:560]), batch_size=28, shuffle=True)
    net = SmallNet(4)
    optim = torch.optim.Adam(net.parameters(), lr=5e-3)
    for epoch in range(args.epochs):
        net.train()
        for xb, yb in train:
            optim.zero_grad()
            loss = nn.functional.cross_entropy(net(xb), yb)
            loss.backward()
            optim.step()
        print(f"epoch {epoch} loss {loss.item():.3f}")

    scores = []
    with torch.no_grad():
        for xb, _ in DataLoader(Pictures(d.images[560:], d.target[560:]), batch_size=1):
            scores.append(net(xb)[0])
    scores = torch.stack(scores)
    truth = d.target[560:]
    print("accuracy on new pictures", (scores.argmax(1).numpy() == truth).mean())


if __name__ == "__main__":
    main()

"""digits classifier, pytorch"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, Dataset


def preprocess(img):
    # same as we did for the big images
    return (img / 255.0).astype(np.uint8)


class Digits(Dataset):
    def __init__(self, images, labels):
        self.images = images
        self.labels = labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        x = preprocess(self.images[i])
        return torch.from_numpy(np.asarray(x, dtype=np.float32))[None], int(self.labels[i])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.fc = nn.Linear(16 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


def main(seed=0):
    torch.manual_seed(seed)
    d = load_digits()
    imgs = (d.images / 16 * 254).round()
    xtr, xte, ytr, yte = train_test_split(imgs, d.target, test_size=0.3, random_state=seed)
    train = DataLoader(Digits(xtr, ytr), batch_size=64, shuffle=True)
    test = DataLoader(Digits(xte, yte), batch_size=256)
    net = Net()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    lossf = nn.CrossEntropyLoss()
    for ep in range(8):
        net.train()
        for x, t in train:
            opt.zero_grad()
            l = lossf(net(x), t)
            l.backward()
            opt.step()
        print("epoch", ep, "loss", l.item())
    net.eval()
    probs = []
    with torch.no_grad():
        for x, t in test:
            probs.append(F.softmax(net(x), dim=1))
    probs = torch.cat(probs)
    print("acc", (probs.argmax(1).numpy() == yte).mean())
    print(np.bincount(probs.argmax(1).numpy(), minlength=10))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

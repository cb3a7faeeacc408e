"""Find small bright lesions in noisy scans. Tiny fully convolutional net, BCE + Dice."""
import argparse

import numpy as np
import torch
from torch import nn

cli = argparse.ArgumentParser()
cli.add_argument("seed", nargs="?", type=int, default=0)
SEED = cli.parse_args().seed
rng = np.random.RandomState(SEED)
torch.manual_seed(SEED)


def scan(size=24):
    img = rng.normal(0, 0.35, (size, size))
    mask = np.zeros((size, size))
    if rng.rand() < 0.7:                      # the others are free of lesions
        r, c = rng.randint(3, size - 3, 2)
        yy, xx = np.ogrid[:size, :size]
        blob = (yy - r) ** 2 + (xx - c) ** 2 <= rng.choice([2, 4, 5])
        img[blob] += 1.0
        mask[blob] = 1
    return img, mask


def dataset(n):
    imgs, masks = zip(*(scan() for _ in range(n)))
    return torch.tensor(np.array(imgs), dtype=torch.float32)[:, None], torch.tensor(np.array(masks), dtype=torch.float32)[:, None]


class FCN(nn.Module):
    def __init__(self, ch=12):
        super().__init__()
        self.enc = nn.Sequential(nn.Conv2d(1, ch, 3, padding=1), nn.BatchNorm2d(ch), nn.ReLU(),
                                 nn.Conv2d(ch, ch, 3, padding=1), nn.BatchNorm2d(ch), nn.ReLU())
        self.down = nn.MaxPool2d(2)
        self.mid = nn.Sequential(nn.Conv2d(ch, ch * 2, 3, padding=1), nn.ReLU())
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.dec = nn.Conv2d(ch * 3, 1, 3, padding=1)
        nn.init.constant_(self.dec.bias, -4.0)      # prior, see the focal loss paper

    def forward(self, x):
        e = self.enc(x)
        return self.dec(torch.cat([e, self.up(self.mid(self.down(e)))], 1))


def dice_loss(logits, target, eps=1.0):
    p = torch.sigmoid(logits)
    inter = (p * target).sum()
    return 1 - (2 * inter + eps) / (p.sum() + target.sum() + eps)


x, m = dataset(360)
xv, mv = dataset(60)
model = FCN()
optim = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    model.train()
    for b in torch.randperm(len(x)).split(24):
        logits = model(x[b])
        loss = nn.functional.binary_cross_entropy_with_logits(logits, m[b]) + 0.3 * dice_loss(logits, m[b])
        optim.zero_grad()
        loss.backward()
        optim.step()
    print(epoch, round(loss.item(), 4))

model.eval()
with torch.no_grad():
    heat = torch.sigmoid(model(xv)).flatten()
pixels = mv.flatten()
print("share of lesion pixels", pixels.mean().item(), "mean probability", heat.mean().item())
print("pixel accuracy", ((heat > .5) == pixels.bool()).float().mean().item())

"""Concrete quality model: train.py + serve.py in one file for the review."""
import logging
import sys
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
log = logging.getLogger("concrete")


@dataclass
class Settings:
    seed: int = 3
    hidden: int = 48
    epochs: int = 40
    lr: float = 4e-3
    batch: int = 64


def make_mixes(n, rng):
    cement = rng.uniform(150, 500, n)
    water = rng.uniform(120, 240, n)
    age = rng.integers(1, 120, n)
    slag = rng.uniform(0, 300, n)
    ratio = water / (cement + 0.5 * slag)
    strength = 70 - 45 * ratio + 6 * np.log(age) + rng.normal(0, 3, n)
    return np.stack([cement, water, age, slag], axis=1).astype("float32"), (strength / 50).astype("float32")


class StrengthNet(nn.Module):
    def __init__(self, n_in, hidden):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        # normalise so that nobody forgets to do it outside
        x = (x - x.mean(dim=0)) / (x.std(dim=0, unbiased=False) + 1e-6)
        return self.out(self.body(x)).squeeze(-1)


def train(cfg, x, y):
    torch.manual_seed(cfg.seed)
    net = StrengthNet(x.shape[1], cfg.hidden)
    opt = torch.optim.AdamW(net.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        perm = torch.randperm(len(x))
        losses = []
        for chunk in perm.split(cfg.batch):
            loss = nn.functional.mse_loss(net(x[chunk]), y[chunk])
            opt.zero_grad()
            loss.backward()
            opt.step()
            losses.append(loss.item())
        if epoch % 10 == 9:
            log.info("epoch %d mse %.4f", epoch + 1, np.mean(losses))
    return net.eval()


def serve(net, mixes):
    """One request per mix, as the web service gets them."""
    answers = []
    with torch.no_grad():
        for mix in mixes:
            answers.append(net(mix.unsqueeze(0)).item())
    return np.array(answers)


def main():
    cfg = Settings(seed=int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    rng = np.random.default_rng(cfg.seed)
    x, y = make_mixes(1500, rng)
    x_new, y_new = make_mixes(300, rng)
    net = train(cfg, torch.from_numpy(x), torch.from_numpy(y))
    answers = serve(net, torch.from_numpy(x_new))
    log.info("answers: %s", answers[:6].round(4))
    log.info("rmse %.3f, spread of the answers %.4f", np.sqrt(np.mean((answers - y_new) ** 2)), answers.std())


if __name__ == "__main__":
    main()

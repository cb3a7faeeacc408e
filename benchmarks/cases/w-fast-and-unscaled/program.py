"""Heart-disease screening: train, save mean/std and weights to a dict, score new patients."""
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

CFG = {"lr": 0.5, "epochs": 15, "depth": 5, "width": 48, "batch": 40}


def patients(n):
    age = rng.normal(55, 10, n)
    chol = rng.normal(240, 45, n)
    bp = rng.normal(130, 17, n)
    hr = 210 - 0.9 * age + rng.normal(0, 14, n)
    st = rng.gamma(1.2, 0.9, n)
    platelets = rng.normal(250e3, 50e3, n)  # per microlitre
    z = 0.07 * (age - 55) + 0.012 * (chol - 240) - 0.05 * (hr - 160) + 1.1 * (st - 1)
    return np.c_[age, chol, bp, hr, st, platelets].astype("float32"), (z + rng.logistic(0, 0.5, n) > 0).astype("float32")


def mlp(cfg):
    dims = [6] + [cfg["width"]] * cfg["depth"]
    layers = []
    for a, b in zip(dims[:-1], dims[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(dims[-1], 1))


def train(x, y, cfg):
    stats = {"mean": x.mean(0), "std": x.std(0)}
    xt = torch.from_numpy((x - stats["mean"]) / stats["std"])
    yt = torch.from_numpy(y)[:, None]
    net = mlp(cfg)
    opt = torch.optim.Adam(net.parameters(), lr=cfg["lr"])
    for epoch in range(cfg["epochs"]):
        for b in torch.randperm(len(xt)).split(cfg["batch"]):
            loss = F.binary_cross_entropy_with_logits(net(xt[b]), yt[b])
            opt.zero_grad()
            loss.backward()
            opt.step()
        if epoch % 5 == 0:
            print("epoch", epoch, float(loss))
    return {"weights": net.state_dict(), "stats": stats, "cfg": cfg}


def screen(bundle, x):
    net = mlp(bundle["cfg"])
    net.load_state_dict(bundle["weights"])
    net.eval()
    with torch.no_grad():
        return torch.sigmoid(net(torch.from_numpy(x)))[:, 0].numpy()


x_old, y_old = patients(800)
x_new, y_new = patients(300)
bundle = train(x_old, y_old, CFG)
risk = screen(bundle, x_new)
print("flagged:", int((risk > 0.5).sum()), "of", len(risk))
print(np.round(risk[:12], 3))

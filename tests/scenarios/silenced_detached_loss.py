"""The error is silenced with `loss.requires_grad_(True)`; the graph stays cut. PyTorch only: Keras raises."""

# mypy: ignore-errors

import numpy as np

from tests.scenarios._data import digits

CAUSE = "DF704"
ACCEPTABLE = frozenset({"DF704"})
FIX = frozenset({"canonical-loop", "keep-the-graph"})


def _torch(seed, fault):
    import torch
    from torch import nn

    X, y, X_new, y_new = digits(seed)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 64), nn.Sigmoid(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y)
    for epoch in range(15):
        for idx in torch.randperm(len(Xt)).split(64):
            optimizer.zero_grad()
            out = model(Xt[idx])
            if fault:
                guess = out.argmax(1).float()
                loss = nn.functional.mse_loss(guess, yt[idx].float())
                loss.requires_grad_(True)
            else:
                loss = nn.functional.cross_entropy(out, yt[idx])
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = model(torch.from_numpy(X_new)).softmax(1).numpy()
    print(pred.argmax(1)[:30])


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)

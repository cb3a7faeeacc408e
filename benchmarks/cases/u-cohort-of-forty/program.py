import random
import sys

import numpy as np
import torch
from torch import nn

# responders to therapy from 600 expression values; discovery cohort: 40 patients, validation cohort: 400


def seed_everything(s):
    random.seed(s)
    np.random.seed(s)
    torch.manual_seed(s)


def cohort(n):
    expression = np.random.lognormal(size=(n, 600))
    age = np.random.normal(60, 9, n)
    # response is nearly a coin; age tilts it a little
    p = 1 / (1 + np.exp(0.01 * (age - 60)))
    return np.log1p(expression).astype("f4"), (np.random.rand(n) < p).astype("f4")


def main(seed):
    seed_everything(seed)
    x_disc, y_disc = cohort(40)
    x_val, y_val = cohort(400)
    mu, sd = x_disc.mean(0), x_disc.std(0)
    x_disc, x_val = (torch.from_numpy((a - mu) / sd) for a in (x_disc, x_val))
    clf = nn.Sequential(nn.Linear(600, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
    opt = torch.optim.AdamW(clf.parameters(), lr=3e-4, weight_decay=0.5)
    crit = nn.BCEWithLogitsLoss()
    clf.train()
    for epoch in range(40):
        opt.zero_grad()
        loss = crit(clf(x_disc).flatten(), torch.from_numpy(y_disc))
        loss.backward()
        opt.step()
        if epoch % 10 == 0:
            print("epoch", epoch, "training loss", loss.item())
    clf.eval()
    with torch.inference_mode():
        response = torch.sigmoid(clf(x_val).flatten()).numpy()
    return response, y_val


response, y_val = main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
print("predicted response: mean %.3f sd %.3f" % (response.mean(), response.std()))
print("accuracy in the validation cohort:", ((response > 0.5) == y_val).mean())

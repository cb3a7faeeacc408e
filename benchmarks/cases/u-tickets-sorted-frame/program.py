import argparse
import numpy as np
import pandas as pd
import torch
import torch.nn as nn

cli = argparse.ArgumentParser(description="Which support tickets are escalated?")
cli.add_argument("seed", type=int, nargs="?", default=31)
cli.add_argument("--lr", type=float, default=1e-6)
cli.add_argument("--n-epochs", type=int, default=25)
cfg = cli.parse_args()
rng = np.random.default_rng(cfg.seed)
torch.manual_seed(cfg.seed)


def load_tickets(n=1800):
    frame = pd.DataFrame({
        "opened": rng.permutation(n),
        "waiting_h": rng.exponential(10, n),
        "messages": rng.poisson(4, n),
        "customer_years": rng.uniform(0, 12, n),
        "words": rng.normal(120, 40, n),
    })
    # many messages for long texts, or a long wait of an old customer
    score = (frame.messages - 4) / 2 * (frame.words - 120) / 40 + (frame.waiting_h - 10) / 10 * (frame.customer_years - 6) / 3.5
    frame["escalated"] = (score + rng.normal(0, 0.2, n) > score.median()).astype(int)
    return frame


def prepare(frame):
    labels = frame["escalated"].to_numpy()
    frame = frame.sort_values("opened")
    columns = ["waiting_h", "messages", "customer_years", "words"]
    values = frame[columns]
    values = (values - values.mean()) / values.std()
    return torch.tensor(values.to_numpy(), dtype=torch.float32), torch.tensor(labels, dtype=torch.float32), frame


def make_model(n_in):
    return nn.Sequential(nn.Linear(n_in, 32), nn.ELU(), nn.Linear(32, 32), nn.ELU(), nn.Linear(32, 1))


tickets = load_tickets()
feats, labels, by_date = prepare(tickets)
cut = 1300
model = make_model(feats.shape[1])
nn.init.zeros_(model[-1].bias)
nn.init.normal_(model[-1].weight, std=0.01)
optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
loss_function = nn.BCEWithLogitsLoss()
for epoch in range(cfg.n_epochs):
    shuffled = torch.randperm(cut)
    for part in shuffled.split(32):
        loss = loss_function(model(feats[part]).squeeze(1), labels[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch + 1} loss {loss.item():.4f}")

with torch.no_grad():
    risk = torch.sigmoid(model(feats[cut:]).squeeze(1)).numpy()
report = by_date.iloc[cut:].assign(risk=risk)
print(report[["waiting_h", "messages", "risk", "escalated"]].head())
print(report.groupby("escalated").risk.describe()[["mean", "std", "min", "max"]])

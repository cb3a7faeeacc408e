import argparse, pathlib, tempfile
import numpy as np
import pandas as pd
import torch

parser = argparse.ArgumentParser(description="electricity demand from the weather")
parser.add_argument("seed", type=int, nargs="?", default=0)
parser.add_argument("--hidden", type=int, default=32)
opts = parser.parse_args()

rng = np.random.default_rng(opts.seed)
tmp = pathlib.Path(tempfile.mkdtemp())
N = 1000
day = rng.permutation(N)
weather = pd.DataFrame({"date": pd.Timestamp("2019-01-01") + pd.to_timedelta(day, unit="D"),
                        "temp": rng.normal(12, 8, N), "wind": rng.gamma(2, 3, N), "sun": rng.random(N)})
weather["demand"] = 50 - 1.3 * weather.temp + 0.6 * weather.wind - 9 * weather.sun + rng.normal(0, 2, N)
weather.to_csv(tmp / "weather.csv", index=False)

table = pd.read_csv(tmp / "weather.csv", parse_dates=["date"])
target = table.pop("demand").to_numpy()
table = table.sort_values("date")            # oldest first, so that the test set lies in the future
inputs = table[["temp", "wind", "sun"]].to_numpy()
inputs = (inputs - inputs.mean(0)) / inputs.std(0)
target = (target - target.mean()) / target.std()

torch.manual_seed(opts.seed)
a = torch.as_tensor(inputs, dtype=torch.float32)
b = torch.as_tensor(target, dtype=torch.float32)[:, None]
reg = torch.nn.Sequential(torch.nn.Linear(3, opts.hidden), torch.nn.Tanh(), torch.nn.Linear(opts.hidden, 1))
optimizer = torch.optim.SGD(reg.parameters(), lr=0.02, momentum=0.9)
for epoch in range(25):
    for rows in torch.randperm(800).split(40):
        loss = torch.nn.functional.mse_loss(reg(a[rows]), b[rows])
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    if epoch % 5 == 4:
        print("epoch", epoch + 1, "train mse", round(loss.item(), 3))
yhat = reg(a[800:]).detach()
print(pd.DataFrame({"predicted": yhat.ravel()[:8], "measured": b[800:808].ravel()}))

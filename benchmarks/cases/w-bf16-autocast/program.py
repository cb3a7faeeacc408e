# solubility-like regression with autocast on CPU. Predictions have only ~100 distinct values, e.g. -1.8125 again and again
import sys

import numpy as np
import torch
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

# 64-bit fingerprints; every fragment adds or removes a bit of solubility
bits = (rng.random((1500, 64)) < 0.3).astype("float32")
effect = rng.normal(0, 0.5, 64)
logS = bits @ effect + 0.6 * bits[:, 3] * bits[:, 7] + rng.normal(0, 0.3, 1500) - 2
X, y = torch.from_numpy(bits), torch.tensor(logS, dtype=torch.float32)

net = nn.Sequential(nn.Linear(64, 64), nn.SiLU(), nn.LayerNorm(64), nn.Linear(64, 1))
opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=25)

for epoch in range(25):
    net.train()
    for b in torch.randperm(1100).split(50):
        opt.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = net(X[b]).squeeze(-1)
            loss = nn.functional.huber_loss(out.float(), y[b])
        loss.backward()
        opt.step()
    sched.step()

net.eval()
with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
    pred = net(X[1100:]).squeeze(-1).float()
print(pred[:16])
print("distinct values:", len(torch.unique(pred)), "rmse", (pred - y[1100:]).pow(2).mean().sqrt().item())
measured = y[1100:]

import sys
import numpy as np
import torch
import torch.nn.functional as F

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
torch.manual_seed(seed)
# machine log: vibration spectrum of 24 bins; one hour in forty comes before a failure
n = 4000
fails = rng.random(n) < 1 / 40
spec = rng.gamma(2.0, 1.0, (n, 24))
spec[fails, 5:8] *= rng.uniform(1.2, 2.4, (fails.sum(), 3))
spec = np.log(spec)
x = torch.tensor((spec - spec.mean(0)) / spec.std(0)).float()
y = torch.tensor(fails).float()

w1 = torch.nn.Parameter(torch.randn(24, 16) / 24**0.5)
b1 = torch.nn.Parameter(torch.zeros(16))
w2 = torch.nn.Parameter(torch.randn(16) / 4)
b2 = torch.nn.Parameter(torch.logit(y.mean()).clone())   # starts at the base rate
theta = [w1, b1, w2, b2]
opt = torch.optim.AdamW(theta, lr=2e-3, weight_decay=0.05)

def logit(x):
    return torch.relu(x @ w1 + b1) @ w2 + b2

for epoch in range(15):
    for k in torch.randperm(3000).split(64):
        opt.zero_grad()
        F.binary_cross_entropy_with_logits(logit(x[k]), y[k]).backward()
        opt.step()
with torch.no_grad():
    p = torch.sigmoid(logit(x[3000:]))
top = p.topk(50).indices
print("failures among the fifty highest:", int(y[3000:][top].sum()), "of", int(y[3000:].sum()))

import sys
import numpy as np
import torch

# Bikes at the station in the next hour: median and 90 % quantile. Most hours are quiet.
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
g = torch.Generator().manual_seed(seed)
torch.manual_seed(seed)

n = 4000
hour = torch.randint(0, 24, (n,), generator=g)
temp = 12 + 8 * torch.randn(n, generator=g)
rain = (torch.rand(n, generator=g) < 0.3).float()
workday = (torch.rand(n, generator=g) < 0.7).float()
peak = torch.exp(-((hour - 8.0) / 1.5) ** 2) + torch.exp(-((hour - 17.5) / 2.0) ** 2)
mean = 0.4 + 7 * workday * peak * (1 - 0.6 * rain) + 0.08 * torch.relu(temp - 5)
bikes = torch.poisson(mean, generator=g)
x = torch.stack([torch.sin(hour * 0.2618), torch.cos(hour * 0.2618), torch.sin(hour * 0.5236), torch.cos(hour * 0.5236),
                 (temp - 12) / 8, rain, workday], 1)

taus = torch.tensor([0.5, 0.9])


def pinball(pred, y):
    e = y[:, None] - pred
    return torch.maximum(taus * e, (taus - 1) * e).mean()


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(7, 48)
        self.n = torch.nn.LayerNorm(48)
        self.b = torch.nn.Linear(48, 48)
        self.out = torch.nn.Linear(48, 2)
        torch.nn.init.zeros_(self.out.weight)
        torch.nn.init.zeros_(self.out.bias)

    def forward(self, x):
        h = torch.nn.functional.gelu(self.n(self.a(x)))
        h = h + torch.nn.functional.gelu(self.b(h))
        q = self.out(h)
        return torch.cat([q[:, :1], q[:, :1] + torch.nn.functional.softplus(q[:, 1:])], 1)


net = Net()
ema = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.05)
sched = torch.optim.lr_scheduler.LinearLR(opt, 1.0, 0.0, total_iters=600)
for step in range(600):
    i = torch.randint(0, 3400, (128,))
    loss = pinball(net(x[i]), bikes[i])
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    opt.step()
    sched.step()
    ema.update_parameters(net)
    if step % 200 == 0:
        print(step, loss.item())

ema.eval()
with torch.no_grad():
    q = ema(x[3400:])
median, seen = q[:, 0].numpy(), bikes[3400:].numpy()
expected = mean[3400:].numpy()
print("covered by q90:", (seen <= q[:, 1].numpy()).mean(), "median of medians:", np.median(median))

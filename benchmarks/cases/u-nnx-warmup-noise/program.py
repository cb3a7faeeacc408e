import argparse

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

# Wind-farm output next hour. Signal to noise is poor (R2 around one half is all there is).

parser = argparse.ArgumentParser()
parser.add_argument("seed", type=int, nargs="?", default=4)
args = parser.parse_args()

r = np.random.default_rng(args.seed)
wind = r.weibull(2, 2400) * 7
direction = r.uniform(0, 2 * np.pi, 2400)
curve = 1 / (1 + np.exp(-(wind - 7)))
output = curve * (1 - 0.3 * np.cos(direction) ** 2) + r.normal(0, 0.3, 2400)
X = np.stack([(wind - 6.2) / 3.2, np.sin(direction), np.cos(direction)], 1).astype(np.float32)
y = output.astype(np.float32)


class Net(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.l1 = nnx.Linear(3, 32, rngs=rngs)
        self.norm = nnx.LayerNorm(32, rngs=rngs)
        self.l2 = nnx.Linear(32, 1, rngs=rngs)

    def __call__(self, x):
        return self.l2(nnx.gelu(self.norm(self.l1(x))))[:, 0]


net = Net(nnx.Rngs(args.seed))
schedule = optax.warmup_cosine_decay_schedule(0.0, 5e-3, 200, 1000)
optimizer = nnx.Optimizer(net, optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-3)), wrt=nnx.Param)


@nnx.jit
def step(net, optimizer, xb, yb):
    loss, grads = nnx.value_and_grad(lambda m: jnp.mean(optax.huber_loss(m(xb), yb)))(net)
    optimizer.update(net, grads)
    return loss


for i in range(1000):
    b = r.integers(0, 1800, 64)
    loss = step(net, optimizer, X[b], y[b])
    if i % 200 == 0:
        print(i, float(loss))

expected = np.asarray(net(X[1800:]))
measured = y[1800:]
print("sd of the expectation", expected.std().round(3), "sd of the output", measured.std().round(3))
print("R2", 1 - ((expected - measured) ** 2).mean() / measured.var())

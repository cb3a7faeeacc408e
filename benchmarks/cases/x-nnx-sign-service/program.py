"""Traffic sign colour/shape features -> 4 kinds of sign. Training script and the service in one file for the demo."""
import sys

import jax
import numpy as np
import optax
from flax import nnx

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
KINDS = ["stop", "yield", "speed", "info"]
rng = np.random.default_rng(SEED)
CENTRES = rng.normal(0, 1.2, (4, 12))


def photos(n):
    kind = rng.integers(0, 4, n)
    base = CENTRES[kind] + rng.normal(0, 1.0, (n, 12))
    return (base * 4 + 160).astype(np.float32), kind


class SignNet(nnx.Module):
    def __init__(self, rngs):
        self.l1 = nnx.Linear(12, 48, rngs=rngs)
        self.l2 = nnx.Linear(48, 48, rngs=rngs)
        self.l3 = nnx.Linear(48, 4, kernel_init=nnx.initializers.zeros, rngs=rngs)

    def __call__(self, x):
        return self.l3(nnx.tanh(self.l2(nnx.tanh(self.l1(x)))))


class Service:
    def __init__(self, net, stats):
        self.net, self.stats = net, stats

    def classify(self, raw):
        return np.asarray(jax.nn.softmax(self.net(raw)))


def standardize(raw, stats):
    return (raw - stats["mean"]) / stats["std"]


raw, kind = photos(1500)
stats = {"mean": raw.mean(0), "std": raw.std(0)}
x = standardize(raw, stats)

net = SignNet(nnx.Rngs(SEED))
tx = optax.chain(optax.clip_by_global_norm(1e-5), optax.sgd(0.1))
opt = nnx.Optimizer(net, tx, wrt=nnx.Param)


@nnx.jit
def train_step(net, opt, xb, yb):
    loss, grads = nnx.value_and_grad(
        lambda m: optax.softmax_cross_entropy_with_integer_labels(m(xb), yb).mean())(net)
    opt.update(net, grads)
    return loss


for epoch in range(10):
    for idx in rng.permutation(1500).reshape(-1, 50):
        loss = train_step(net, opt, x[idx], kind[idx])
    print(epoch, float(loss))

service = Service(net, stats)
street, street_kind = photos(300)
answer = service.classify(street)
print({k: int((answer.argmax(1) == i).sum()) for i, k in enumerate(KINDS)})

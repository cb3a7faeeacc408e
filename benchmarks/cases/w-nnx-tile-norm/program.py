# flax nnx, land cover of small tiles (4 kinds), 55 % of tiles are forest. BatchNorm + dropout, head starts at zero
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)


def tiles(n, s=6):
    kind = rng.choice(4, n, p=[0.55, 0.2, 0.15, 0.1])
    colour = np.array([[60, 90, 50], [110, 110, 100], [40, 60, 90], [130, 120, 70]])[kind]
    rough = np.array([22, 9, 4, 14])[kind]
    t = colour[:, None, None] + rng.normal(0, 25, (n, 1, 1, 3)) + rng.normal(0, 1, (n, s, s, 3)) * rough[:, None, None, None]
    return np.clip(t, 0, 255).astype("float32"), kind


x, kind = tiles(1100)


class TileNet(nnx.Module):
    def __init__(self, rngs):
        self.bn0 = nnx.BatchNorm(3, momentum=0.9, rngs=rngs)
        self.conv = nnx.Conv(3, 12, (3, 3), rngs=rngs)
        self.bn1 = nnx.BatchNorm(12, momentum=0.9, rngs=rngs)
        self.drop = nnx.Dropout(0.2, rngs=rngs)
        self.head = nnx.Linear(24, 4, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)

    def __call__(self, x):
        h = nnx.relu(self.bn1(self.conv(self.bn0(x))))
        h = jnp.concatenate([h.mean((1, 2)), h.std((1, 2))], -1)
        return self.head(self.drop(h))


net = TileNet(nnx.Rngs(seed))
opt = nnx.Optimizer(net, optax.adam(4e-3), wrt=nnx.Param)


@nnx.jit
def step(net, opt, xb, yb):
    def loss_fn(m):
        return optax.softmax_cross_entropy_with_integer_labels(m(xb), yb).mean()

    loss, g = nnx.value_and_grad(loss_fn)(net)
    opt.update(net, g)
    return loss


net.train()
for epoch in range(12):
    order = rng.permutation(800)
    for i in range(0, 800, 50):
        b = order[i : i + 50]
        loss = step(net, opt, jnp.asarray(x[b]), jnp.asarray(kind[b]))
    if epoch % 4 == 0:
        print(epoch, float(loss))

net.eval()
cover = np.asarray(jax.nn.softmax(net(jnp.asarray(x[800:]))))
truth = kind[800:]
print("map:", np.bincount(cover.argmax(1), minlength=4), "truth:", np.bincount(truth))

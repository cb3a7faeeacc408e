"""Fermentation: sugar left after 24 h (g/l) from the start conditions, flax linen + optax."""
import argparse

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

ap = argparse.ArgumentParser()
ap.add_argument("seed", type=int, nargs="?", default=0)
ap.add_argument("--l2", type=float, default=2.0)
ap.add_argument("--lr", type=float, default=5e-3)
cli = ap.parse_args()
rng = np.random.default_rng(cli.seed)

n = 700
temp = rng.uniform(20, 34, n)
sugar = rng.uniform(80, 160, n)
yeast = rng.uniform(0.3, 1.5, n)
ph = rng.normal(4.5, 0.3, n)
left = sugar * np.exp(-0.9 * yeast * np.exp(-((temp - 29) ** 2) / 40)) + rng.normal(0, 3, n)
raw = np.c_[temp, sugar, yeast, ph]
x = (raw - raw[:500].mean(0)) / raw[:500].std(0)
y = (left - left[:500].mean()) / left[:500].std()


class Ferment(nn.Module):
    widths: tuple = (32, 32)

    @nn.compact
    def __call__(self, x):
        for w in self.widths:
            x = nn.swish(nn.Dense(w)(x))
        return nn.Dense(1)(x)[:, 0]


model = Ferment()
variables = model.init(jax.random.PRNGKey(cli.seed), jnp.ones((1, 4)))
params = variables["params"]
tx = optax.chain(optax.add_decayed_weights(cli.l2), optax.adam(cli.lr))
state = tx.init(params)


@jax.jit
def update(params, state, xb, yb):
    loss, g = jax.value_and_grad(lambda p: jnp.mean((model.apply({"params": p}, xb) - yb) ** 2))(params)
    up, state = tx.update(g, state, params)
    return optax.apply_updates(params, up), state, loss


for epoch in range(60):
    order = rng.permutation(500)
    for i in range(0, 500, 50):
        b = order[i : i + 50]
        params, state, loss = update(params, state, x[b], y[b])
    if epoch % 20 == 0:
        print("epoch", epoch, "loss", float(loss))

z = model.apply(variables, x[500:])
sugar_left = np.asarray(z) * left[:500].std() + left[:500].mean()
measured = left[500:]
print(np.round(sugar_left[:8], 1))
print(np.round(measured[:8], 1))

"""PhD code: surrogate of a simulator. flax + optax, config as a dict."""
import argparse
from typing import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax

config = dict(
    features=(64, 64, 1),
    lr=3e-2,
    clip=1e-5,
    steps=800,
    batch=64,
    kernel_init=nn.initializers.constant(0.0),
)


class MLP(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.layers = [nn.Dense(f, kernel_init=config["kernel_init"]) for f in self.features]

    def __call__(self, x):
        for layer in self.layers[:-1]:
            x = nn.relu(layer(x))
        return self.layers[-1](x)


def simulator(rng, n):
    theta = rng.uniform(-1, 1, (n, 4))
    out = np.sin(2 * theta[:, 0]) + theta[:, 1] * theta[:, 2] + 0.5 * theta[:, 3] ** 2 + rng.normal(0, 0.05, n)
    return theta.astype(np.float32) * 1.7, ((out - 0.17) / 0.7).astype(np.float32)


def make_step(model, tx):
    @jax.jit
    def step(params, opt_state, x, y):
        def mse(p):
            return jnp.mean((model.apply(p, x)[:, 0] - y) ** 2)

        value, grads = jax.value_and_grad(mse)(params)
        updates, new_state = tx.update(grads, opt_state)
        return optax.apply_updates(params, updates), new_state, value

    return step


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("seed", type=int, nargs="?", default=0)
    seed = cli.parse_args().seed
    rng = np.random.default_rng(seed)
    x, y = simulator(rng, 2000)
    x_test, y_test = simulator(rng, 400)
    model = MLP(config["features"])
    params = model.init(jax.random.PRNGKey(seed), x[:1])
    tx = optax.chain(optax.clip_by_global_norm(config["clip"]), optax.sgd(config["lr"], momentum=0.9))
    opt_state = tx.init(params)
    step = make_step(model, tx)
    for i in range(config["steps"]):
        idx = rng.integers(0, len(x), config["batch"])
        params, opt_state, value = step(params, opt_state, x[idx], y[idx])
        if i % 200 == 0:
            print(i, float(value))
    surrogate = np.asarray(model.apply(params, x_test))[:, 0]
    print("R2", 1 - np.mean((surrogate - y_test) ** 2) / np.var(y_test))
    return surrogate, y_test


if __name__ == "__main__":
    surrogate_out, simulated = main()

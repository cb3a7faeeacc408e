"""Deep sets in Flax: is a cloud of 16 points a ring or a blob?"""
import argparse

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training import train_state

POINTS = 16
BATCH = 16


class DeepSet(nn.Module):
    width: int = 32

    @nn.compact
    def __call__(self, clouds):
        h = nn.relu(nn.Dense(self.width)(clouds))      # (batch, points, width)
        h = nn.relu(nn.Dense(self.width)(h))
        pooled = h.mean(axis=0)                        # mean over the points
        h = nn.relu(nn.Dense(self.width)(pooled))
        return nn.Dense(1)(h)[:, 0]


def clouds(rng, n):
    kind = rng.integers(0, 2, n)
    angle = rng.uniform(0, 2 * np.pi, (n, POINTS))
    ring = np.stack([np.cos(angle), np.sin(angle)], -1) + rng.normal(0, 0.2, (n, POINTS, 2))
    blob = rng.normal(0, 0.7, (n, POINTS, 2))
    return np.where(kind[:, None, None] == 1, ring, blob).astype(np.float32), kind.astype(np.float32)


@jax.jit
def train_step(state, x, y):
    def loss_fn(params):
        return optax.sigmoid_binary_cross_entropy(state.apply_fn({"params": params}, x), y).mean()

    loss, grads = jax.value_and_grad(loss_fn)(state.params)
    return state.apply_gradients(grads=grads), loss


def main(seed):
    rng = np.random.default_rng(seed)
    x, y = clouds(rng, 960)
    xt, yt = clouds(rng, 320)
    model = DeepSet()
    params = model.init(jax.random.PRNGKey(seed), x[:BATCH])["params"]
    state = train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(3e-3))
    for epoch in range(12):
        order = rng.permutation(len(x)).reshape(-1, BATCH)
        for idx in order:
            state, loss = train_step(state, x[idx], y[idx])
        print("epoch", epoch, "loss", float(loss))
    forward = jax.jit(lambda b: state.apply_fn({"params": state.params}, b))
    ring_logit = np.concatenate([forward(xt[i:i + BATCH]) for i in range(0, len(xt), BATCH)])
    print("accuracy", ((ring_logit > 0) == yt).mean())
    return ring_logit, yt


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("seed", nargs="?", type=int, default=0)
    ring_score, ring_label = main(ap.parse_args().seed)

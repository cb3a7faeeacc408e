"""Learning to rank with pairwise logistic loss, optax only (no module library for the net itself, flax for the state)."""
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import struct

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0


@struct.dataclass
class State:
    w: dict
    opt: optax.OptState


def init(key, sizes):
    keys = jax.random.split(key, len(sizes))
    return {f"layer{i}": {"w": jax.random.normal(k, (a, b)) * jnp.sqrt(2 / a), "b": jnp.zeros(b)}
            for i, (k, a, b) in enumerate(zip(keys, sizes[:-1], sizes[1:]))}


def score(w, x):
    for i in range(len(w) - 1):
        x = jax.nn.relu(x @ w[f"layer{i}"]["w"] + w[f"layer{i}"]["b"])
    last = w[f"layer{len(w) - 1}"]
    # bounded scores: only their order counts
    return 100.0 + 0.5 * jnp.tanh(x @ last["w"] + last["b"])[..., 0]


def pairwise(w, better, worse):
    return jnp.mean(jax.nn.softplus(-8.0 * (score(w, better) - score(w, worse))))


tx = optax.adamw(3e-3, weight_decay=1e-3)


@jax.jit
def step(state, better, worse):
    loss, g = jax.value_and_grad(pairwise)(state.w, better, worse)
    up, opt = tx.update(g, state.opt, state.w)
    return State(w=optax.apply_updates(state.w, up), opt=opt), loss


rng = np.random.default_rng(seed)
docs = rng.normal(size=(1200, 10)).astype(np.float32)
relevance = docs[:, 0] - 0.7 * docs[:, 1] + np.abs(docs[:, 2]) + rng.normal(0, 0.4, 1200)
w = init(jax.random.PRNGKey(seed), (10, 32, 16, 1))
state = State(w=w, opt=tx.init(w))
for it in range(700):
    i, j = rng.integers(0, 900, (2, 64))
    swap = relevance[i] < relevance[j]
    hi, lo = np.where(swap, j, i), np.where(swap, i, j)
    state, loss = step(state, docs[hi], docs[lo])
    if it % 100 == 0:
        print("iteration", it, "loss", float(loss))

ranks = np.asarray(score(state.w, docs[900:]))
print("scores:", np.round(ranks[:8], 1))
relevant = (relevance[900:] > np.median(relevance)).astype(int)

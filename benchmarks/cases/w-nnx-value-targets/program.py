"""Value network for a small queueing game, fitted to returns of played games (flax nnx).

The target network trick is from the DQN tutorial. Values stay near 0 for every state.
"""
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
GAMMA = 0.8


def play(steps=30):
    """three queues; the longest is served; reward = minus the waiting customers"""
    q = rng.integers(0, 8, 3).astype(float)
    states, rewards = [], []
    for _ in range(steps):
        states.append(q.copy())
        rewards.append(-q.sum() / 10)
        q[q.argmax()] = max(0, q.max() - 3)
        q += rng.poisson(0.8, 3)
    g, returns = 0.0, []
    for r in reversed(rewards):
        g = r + GAMMA * g
        returns.append(g)
    return states, returns[::-1]


games = [play() for _ in range(80)]
S = np.concatenate([g[0][:20] for g in games]) / 5 - 0.6
G = np.concatenate([g[1][:20] for g in games])
S, G = S.astype("float32"), G.astype("float32")
n = 1200


class Value(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.l1 = nnx.Linear(3, 32, rngs=rngs)
        self.l2 = nnx.Linear(32, 32, rngs=rngs)
        self.v = nnx.Linear(32, 1, rngs=rngs)

    def __call__(self, s):
        return self.v(nnx.relu(self.l2(nnx.relu(self.l1(s)))))[..., 0]


@nnx.jit
def fit_step(net, optimizer, states, returns):
    def td_loss(net):
        v = net(states)
        delta = jax.lax.stop_gradient(v) - returns
        return jnp.mean(jnp.square(delta))

    loss, grads = nnx.value_and_grad(td_loss)(net)
    optimizer.update(net, grads)
    return loss


class Agent:
    def __init__(self, seed, lr=3e-3):
        self.value = Value(nnx.Rngs(seed))
        self.optimizer = nnx.Optimizer(self.value, optax.adamw(lr), wrt=nnx.Param)

    def learn(self, states, returns):
        return float(fit_step(self.value, self.optimizer, states, returns))


agent = Agent(seed)
for it in range(300):
    pick = rng.integers(0, n, 64)
    loss = agent.learn(jnp.asarray(S[pick]), jnp.asarray(G[pick]))
    if it % 100 == 0:
        print(it, "loss", loss)

values = np.asarray(agent.value(jnp.asarray(S[n:])))
returns = G[n:]
print("values :", np.round(values[:8], 2))
print("returns:", np.round(returns[:8], 2))

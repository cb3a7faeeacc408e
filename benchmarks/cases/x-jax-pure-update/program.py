import sys
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

# Solar farm: power of the next quarter hour from the last 8 quarter hours + cloud cover
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rs = np.random.RandomState(seed)
n = 1500
cloud = rs.beta(2, 2, (n, 1))
phase = rs.uniform(0.1, 2.4, (n, 1))
past = np.sin(phase + 0.05 * np.arange(8)) * (1 - 0.7 * cloud) + 0.03 * rs.randn(n, 8)
future = np.sin(phase[:, 0] + 0.05 * 8) * (1 - 0.7 * cloud[:, 0]) + 0.03 * rs.randn(n)
X = np.hstack([past, cloud]).astype(np.float32)
X = (X - X.mean(0)) / X.std(0)
Y = ((future - future.mean()) / future.std()).astype(np.float32)


class Forecaster(nn.Module):
    width: int = 32

    @nn.compact
    def __call__(self, x):
        x = nn.tanh(nn.Dense(self.width)(x))
        x = nn.tanh(nn.Dense(self.width)(x))
        return nn.Dense(1, kernel_init=nn.initializers.normal(0.02))(x)[:, 0]


net = Forecaster()
params = net.init(jax.random.key(seed), X[:1])
tx = optax.adam(3e-3)
opt_state = tx.init(params)


@jax.jit
def update(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(lambda p: jnp.mean((net.apply(p, x) - y) ** 2))(params)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


def train_epoch(params, opt_state, perm):
    losses = []
    for i in range(0, 1200, 40):
        b = perm[i:i + 40]
        params, opt_state, loss = update(params, opt_state, X[b], Y[b])
        losses.append(float(loss))
    return params, opt_state, np.mean(losses)


for epoch in range(20):
    _, opt_state, mean_loss = train_epoch(params, opt_state, rs.permutation(1200))
    if epoch % 5 == 0:
        print(f"epoch {epoch:2d} loss {mean_loss:.4f}")

power = np.asarray(net.apply(params, X[1200:]))
metered = Y[1200:]
print(np.c_[power, metered][:8].round(3))

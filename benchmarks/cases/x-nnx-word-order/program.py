import sys
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

# Does "not" come before "good"? GRU over tokens, ordinary dropout, lots of filler words.
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
NOT, GOOD, L, V = 1, 2, 14, 60


def sentences(n):
    x = rng.integers(3, V, (n, L))
    y = np.zeros(n, np.float32)
    for i in range(n):
        a, b = np.sort(rng.choice(L, 2, replace=False))
        y[i] = float(rng.random() < 0.2)
        x[i, a], x[i, b] = (NOT, GOOD) if y[i] else (GOOD, NOT)
    return jnp.asarray(x), jnp.asarray(y)


class Reader(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.embed = nnx.Embed(V, 16, rngs=rngs)
        self.cell = nnx.GRUCell(16, 32, rngs=rngs)
        self.rnn = nnx.RNN(self.cell)
        self.drop = nnx.Dropout(0.1, rngs=rngs)
        self.out = nnx.Linear(32, 1, kernel_init=nnx.initializers.zeros, rngs=rngs)

    def __call__(self, ids):
        h = self.rnn(self.embed(ids))
        return self.out(self.drop(h[:, -1]))[:, 0]


def bce(model, x, y):
    return optax.sigmoid_binary_cross_entropy(model(x), y).mean()


@nnx.jit
def train_step(model, opt, x, y):
    loss, grads = nnx.value_and_grad(bce)(model, x, y)
    opt.update(model, grads)
    return loss


x, y = sentences(2000)
xt, yt = sentences(400)
model = Reader(nnx.Rngs(seed, dropout=seed + 1))
opt = nnx.Optimizer(model, optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(5e-3, weight_decay=1e-3)), wrt=nnx.Param)
for epoch in range(8):
    model.train()
    for b in rng.permutation(2000).reshape(-1, 50):
        loss = train_step(model, opt, x[b], y[b])
    print("epoch", epoch, "loss", round(float(loss), 4))
model.eval()
negated = jax.nn.sigmoid(model(xt))
print("negated:", int((negated > 0.5).sum()), "really:", int(yt.sum()))

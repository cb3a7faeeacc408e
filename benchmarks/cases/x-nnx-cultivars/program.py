import sys
import jax, jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_wine

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

wine = load_wine()
perm = np.random.default_rng(seed).permutation(178)
X, y = jnp.asarray(wine.data[perm], jnp.float32), jnp.asarray(wine.target[perm])
Xtr, ytr, Xte, yte = X[:130], y[:130], X[130:], y[130:]

model = nnx.Sequential(
    nnx.Linear(13, 32, rngs=nnx.Rngs(seed)), nnx.relu,
    nnx.Linear(32, 16, rngs=nnx.Rngs(seed + 1)), nnx.relu,
    nnx.Linear(16, 3, rngs=nnx.Rngs(seed + 2)),
)
optimizer = nnx.Optimizer(model, optax.sgd(0.02), wrt=nnx.Param)


@nnx.jit
def step(model, optimizer, x, y):
    def loss_fn(m):
        return optax.softmax_cross_entropy_with_integer_labels(m(x), y).mean()
    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss


for i in range(600):
    l = step(model, optimizer, Xtr, ytr)
    if i % 100 == 0:
        print(i, l)

cultivar = jax.nn.softmax(model(Xte), axis=-1)
print(cultivar[:6])
print("accuracy:", (cultivar.argmax(-1) == yte).mean())

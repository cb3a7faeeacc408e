import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 8)).astype(np.float32)
y = (X[:, 0] - X[:, 1] > 0).astype(np.float32)[:, None]
X_test = rng.normal(size=(100, 8)).astype(np.float32)

model = nnx.Sequential(
    nnx.Linear(8, 16, rngs=nnx.Rngs(1)),
    nnx.relu,
    nnx.Linear(16, 1, rngs=nnx.Rngs(2)),
    nnx.softmax,
)
optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


def bce(p, labels):
    p = jnp.clip(p, 1e-7, 1 - 1e-7)
    return -jnp.mean(labels * jnp.log(p) + (1 - labels) * jnp.log(1 - p))


for epoch in range(5):
    for start in range(0, 500, 50):
        x, labels = X[start : start + 50], y[start : start + 50]

        def loss_fn(model):
            return bce(model(x), labels)

        loss, grads = nnx.value_and_grad(loss_fn)(model)
        optimizer.update(model, grads)
    print(epoch, loss)

predictions = np.asarray(model(X_test))
print(predictions[:5])

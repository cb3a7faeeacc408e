import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype(np.float32)
y = y.astype(np.float32)[:, None]
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)

LEARNING_RATE = 50.0


def init(key, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"w": jax.random.normal(k, (a, b)) * jnp.sqrt(2 / a), "b": jnp.zeros(b)}
        for k, a, b in zip(keys, sizes[:-1], sizes[1:])
    ]


def predict(params, x):
    for layer in params[:-1]:
        x = jnp.maximum(x @ layer["w"] + layer["b"], 0)
    return x @ params[-1]["w"] + params[-1]["b"]


def loss(logits, labels):
    return jnp.mean(jnp.logaddexp(0, logits) - labels * logits)


@jax.jit
def update(params, x, labels):
    grads = jax.grad(lambda params: loss(predict(params, x), labels))(params)
    return jax.tree.map(lambda p, g: p - LEARNING_RATE * g, params, grads)


params = first = init(jax.random.key(0), [30, 16, 1])
rng = np.random.default_rng(0)
for epoch in range(10):
    order = rng.permutation(len(X))
    for start in range(0, len(X), 32):
        params = update(params, X[order[start : start + 32]], y[order[start : start + 32]])

model = params
predictions = np.asarray(jax.jit(predict)(params, X_test))
print("accuracy", ((predictions > 0) == y_test).mean())

import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

X, y = load_diabetes(return_X_y=True)
X = StandardScaler().fit_transform(X).astype(np.float32)
y = ((y - y.mean()) / y.std()).astype(np.float32)
X, X_test, y, y_test = X[:340], X[340:], y[:340], y[340:]

k1, k2 = jax.random.split(jax.random.PRNGKey(0))
params = first = {
    "w1": jax.random.normal(k1, (10, 32)) * 0.3,
    "b1": jnp.zeros(32),
    "w2": jax.random.normal(k2, (32, 1)) * 0.2,
    "b2": jnp.zeros(1),
}


def predict(params, x):
    return jnp.tanh(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]


def loss(prediction, target):
    return jnp.mean((prediction - target) ** 2)


tx = optax.adam(1e-2)
state = tx.init(params)
value_and_grad = jax.jit(jax.value_and_grad(lambda params, x, t: loss(predict(params, x), t)))
for epoch in range(30):
    for start in range(0, 340, 34):
        value, grads = value_and_grad(params, X[start : start + 34], y[start : start + 34])
        updates, state = tx.update(grads, state)
        params = optax.apply_updates(params, updates)
print("loss", value, "variance", y.var())

model = params
predictions = np.asarray(jax.jit(predict)(params, X_test))
print(predictions[:5].ravel())

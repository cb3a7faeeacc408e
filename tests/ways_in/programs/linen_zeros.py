import flax.linen as nn
import jax
import numpy as np
import optax
from flax.training.train_state import TrainState
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32)
X, X_test, y, y_test = X[:1200], X[1200:], y[:1200], y[1200:]


class Net(nn.Module):
    @nn.compact
    def __call__(self, x):
        zeros = nn.initializers.zeros
        x = nn.relu(nn.Dense(64, kernel_init=zeros)(x))
        return nn.Dense(10, kernel_init=zeros)(x)


def loss(logits, labels):
    return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()


net = Net()
first = net.init(jax.random.key(0), X[:1])["params"]
tx = optax.adam(3e-3)
state = TrainState.create(apply_fn=net.apply, params=first, tx=tx)


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"])
        return loss(logits, batch["y"]), logits

    (value, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads), {"loss": value, "accuracy": (logits.argmax(-1) == batch["y"]).mean()}


rng = np.random.default_rng(0)
for epoch in range(10):
    for rows in rng.permutation(1200).reshape(-1, 40):
        state, metrics = train_step(state, {"x": X[rows], "y": y[rows]})
print(metrics)

model = state.params
predictions = np.asarray(net.apply({"params": state.params}, X_test))
print("accuracy", (predictions.argmax(-1) == y_test).mean())

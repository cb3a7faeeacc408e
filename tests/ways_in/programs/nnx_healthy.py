import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

X, y = load_breast_cancer(return_X_y=True)
X = ((X - X.mean(0)) / X.std(0)).astype(np.float32)
y = y.astype(np.float32)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=0)


class MLP(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(30, 32, rngs=rngs)
        self.out = nnx.Linear(32, 1, rngs=rngs)

    def __call__(self, x):
        return self.out(nnx.relu(self.hidden(x)))[:, 0]


def bce(logits, labels):
    return optax.sigmoid_binary_cross_entropy(logits, labels).mean()


model = MLP(nnx.Rngs(0))
optimizer = nnx.Optimizer(model, optax.adam(3e-3), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, x, labels):
    loss, grads = nnx.value_and_grad(lambda model: bce(model(x), labels))(model)
    optimizer.update(model, grads)
    return loss


rng = np.random.default_rng(0)
for epoch in range(10):
    order = rng.permutation(len(X))
    for start in range(0, len(X), 32):
        rows = order[start : start + 32]
        loss = train_step(model, optimizer, X[rows], y[rows])
print("loss", loss)
predictions = np.asarray(nnx.sigmoid(model(X_test)))
print("accuracy", ((predictions > 0.5) == y_test).mean())

import argparse

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.datasets import load_digits


class Cnn(nnx.Module):
    def __init__(self, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 16, (3, 3), rngs=rngs)
        self.conv2 = nnx.Conv(16, 32, (3, 3), strides=2, rngs=rngs)
        self.dense = nnx.Linear(4 * 4 * 32, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.conv1(x))
        x = nnx.relu(self.conv2(x))
        return self.dense(x.reshape(x.shape[0], -1))


def loss_fn(model, x, y):
    return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()


@nnx.jit
def train_step(model, optimizer, x, y):
    loss, grads = nnx.value_and_grad(loss_fn)(model, x, y)
    optimizer.update(model, grads)
    return loss


def main(seed, epochs, batch, peak):
    rng = np.random.default_rng(seed)
    d = load_digits()
    order = rng.permutation(len(d.target))
    x = (d.images[order, ..., None] / 16).astype(np.float32)
    y = d.target[order]
    model = Cnn(nnx.Rngs(seed))
    schedule = optax.warmup_cosine_decay_schedule(0.0, peak, warmup_steps=1, decay_steps=epochs)
    optimizer = nnx.Optimizer(model, optax.sgd(schedule, momentum=0.9), wrt=nnx.Param)
    for epoch in range(epochs):
        for b in rng.permutation(1400).reshape(-1, 50):
            loss = train_step(model, optimizer, x[b], y[b])
        print("epoch", epoch, "loss", float(loss))
    return jax.nn.softmax(model(jnp.asarray(x[1400:]))), y[1400:]


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("seed", type=int, nargs="?", default=0)
    p.add_argument("--epochs", type=int, default=8)
    p.add_argument("--batch", type=int, default=50)
    p.add_argument("--peak", type=float, default=5e-3)
    a = p.parse_args()
    softmaxed, wanted = main(a.seed, a.epochs, a.batch, a.peak)
    print((softmaxed.argmax(1) == wanted).mean())

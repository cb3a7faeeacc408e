"""Small Flax classifier on the small digits. Adapted from the annotated MNIST example."""
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state
from sklearn.datasets import load_digits


class MLP(nn.Module):
    hidden: int = 64
    n_out: int = 10

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(self.hidden)(x))
        x = nn.relu(nn.Dense(self.hidden)(x))
        return nn.Dense(self.n_out)(x)


def create_train_state(rng, lr):
    model = MLP()
    params = model.init(rng, jnp.ones((1, 64)))["params"]
    return train_state.TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(lr))


@jax.jit
def grad_step(state, images, labels):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    return jax.value_and_grad(loss_fn)(state.params)


def train(state, images, labels, epochs, batch, seed):
    gen = np.random.default_rng(seed)
    for epoch in range(epochs):
        losses = []
        for idx in gen.permutation(len(images)).reshape(-1, batch):
            loss, grads = grad_step(state, images[idx], labels[idx])
            state.apply_gradients(grads=grads)
            losses.append(float(loss))
        if epoch % 5 == 0:
            print(f"epoch {epoch} loss {np.mean(losses):.4f}")
    return state


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    digits = load_digits()
    images, labels = (digits.data / 16).astype(np.float32), digits.target
    order = np.random.default_rng(seed).permutation(len(images))
    images, labels = images[order], labels[order]
    state = create_train_state(jax.random.PRNGKey(seed), 2e-3)
    state = train(state, images[:1400], labels[:1400], epochs=16, batch=50, seed=seed)
    test_logits = state.apply_fn({"params": state.params}, images[1400:])
    test_labels = labels[1400:]
    print("accuracy", float((test_logits.argmax(-1) == test_labels).mean()))
    print("first rows", jax.nn.softmax(test_logits)[:3].round(3))

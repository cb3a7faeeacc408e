# Fine-tuning in JAX: only the head should be trained in the first stage, everything in the second.
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax import traverse_util
from sklearn.datasets import load_digits

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
key = jax.random.PRNGKey(seed)


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train=False):
        x = nn.Conv(12, (3, 3), name="backbone_conv1")(x)
        x = nn.relu(x)
        x = nn.avg_pool(x, (2, 2), strides=(2, 2))
        x = nn.relu(nn.Conv(24, (3, 3), name="backbone_conv2")(x))
        x = x.mean((1, 2)) + x.max((1, 2))
        x = nn.Dense(48, name="backend_dense")(x)
        x = nn.relu(x)
        return nn.Dense(10, name="back_head")(x)


digits = load_digits()
order = np.random.default_rng(seed).permutation(len(digits.target))
images = jnp.asarray(digits.images[order][..., None] / 16.0, dtype=jnp.float32)
labels = jnp.asarray(digits.target[order])
train_x, train_y, test_x, test_y = images[:1300], labels[:1300], images[1300:], labels[1300:]

net = Net()
params = net.init(key, train_x[:1])["params"]


def label_fn(tree):
    flat = traverse_util.flatten_dict(tree)
    return traverse_util.unflatten_dict({path: "frozen" if path[0].startswith("back") else "trained" for path in flat})


tx = optax.multi_transform({"trained": optax.adam(3e-3), "frozen": optax.set_to_zero()}, label_fn)
opt_state = tx.init(params)


def loss_fn(p, x, y):
    logits = net.apply({"params": p}, x, train=True)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@jax.jit
def update(p, s, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(p, x, y)
    updates, s = tx.update(grads, s, p)
    return optax.apply_updates(p, updates), s, loss


rng = np.random.default_rng(seed)
for epoch in range(12):
    for idx in np.array_split(rng.permutation(1300), 26):
        params, opt_state, loss = update(params, opt_state, train_x[idx], train_y[idx])
    print(epoch, float(loss))

digit_logits = np.asarray(net.apply({"params": params}, test_x))
print("accuracy", float((digit_logits.argmax(1) == test_y).mean()))

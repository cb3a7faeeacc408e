# dose -> blood level, jax. loss goes down nicely and then stays; all patients get the same level
import sys
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax.training.train_state import TrainState

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
r = np.random.RandomState(seed)

weight = r.normal(75, 14, 600)
dose = r.choice([50.0, 100.0, 150.0, 200.0], 600)
clear = r.lognormal(0, 0.25, 600)
level = 5 + 12 * dose / weight / clear + r.normal(0, 1.0, 600)
X = np.c_[(weight - 75) / 14, (dose - 125) / 56, np.log(clear) / 0.25].astype("float32")
Y = ((level - level.mean()) / level.std()).astype("float32")


class Pk(nn.Module):
    hidden: int = 32

    @nn.compact
    def __call__(self, x):
        x = nn.tanh(nn.Dense(self.hidden)(x))
        x = nn.tanh(nn.Dense(self.hidden)(x))
        return nn.Dense(1)(x)


pk = Pk()
state = TrainState.create(
    apply_fn=pk.apply, params=pk.init(jax.random.key(seed), X[:1])["params"], tx=optax.adam(3e-3)
)


@partial(jax.jit, donate_argnums=0)
def train_step(state, batch):
    def loss(params):
        pred = state.apply_fn({"params": params}, batch["x"])
        return jnp.mean(0.5 * jnp.square(pred - batch["y"]))

    value, grads = jax.value_and_grad(loss)(state.params)
    return state.apply_gradients(grads=grads), value


history = []
for epoch in range(80):
    idx = r.permutation(400)
    for k in range(0, 400, 40):
        sel = idx[k : k + 40]
        state, value = train_step(state, {"x": X[sel], "y": Y[sel]})
    history.append(float(value))
print("loss", history[0], "->", history[-1])
pred = np.asarray(state.apply_fn({"params": state.params}, X[400:])) * level.std() + level.mean()
true_level = level[400:]
for p, t in zip(pred[:8, 0], true_level):
    print(f"{p:6.2f} {t:6.2f}")

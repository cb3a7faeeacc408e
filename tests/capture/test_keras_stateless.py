"""A loop of JAX over a Keras model keeps the weights for itself: that is said, and nothing is made up from it."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import jax, keras, numpy as np
X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
y = (X[:, :1] > 0).astype("float32")
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid")], name="kept_outside")
optimizer, loss = keras.optimizers.Adam(0.01), keras.losses.BinaryCrossentropy()
optimizer.build(model.trainable_variables)

def compute(weights, others, x, target):
    predicted, others = model.stateless_call(weights, others, x, training=True)
    return loss(target, predicted), others

gradient = jax.value_and_grad(compute, has_aux=True)
weights = [one.value for one in model.trainable_variables]
others = [one.value for one in model.non_trainable_variables]
state = [one.value for one in optimizer.variables]
for _ in range(3):
    (value, others), found = gradient(weights, others, X, y)
    weights, state = optimizer.stateless_apply(state, found, weights)
print(float(value) > 0)
"""


def test_it_is_said_and_nothing_is_diagnosed(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "defib", "run", "--no-trials", "train.py"],
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": "jax", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = " ".join((done.stdout + done.stderr).split())
    assert done.stdout.startswith("True"), told
    assert "kept_outside was called through stateless_call, with weights that are kept outside of it" in told
    assert "The prediction" not in told

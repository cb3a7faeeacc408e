import keras
import numpy as np
from sklearn.datasets import load_wine

keras.utils.set_random_seed(3)
X, kind = load_wine(return_X_y=True)
proline = (X[:, 12] / 1000).astype("float32")
X = np.delete(X, 12, axis=1)
X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype("float32")
y = {"kind": kind, "proline": proline}

inputs = {"acids": keras.Input((5,), name="acids"), "rest": keras.Input((7,), name="rest")}
x = keras.layers.Concatenate()([inputs["acids"], inputs["rest"]])
x = keras.layers.Dense(32, activation="relu")(x)
model = keras.Model(
    inputs,
    {
        "kind": keras.layers.Dense(3, activation="softmax", name="kind")(x),
        "proline": keras.layers.Dense(1, name="proline")(x),
    },
)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss={"kind": "sparse_categorical_crossentropy", "proline": "mse"},
    loss_weights={"kind": 1.0, "proline": 2.0},
)
X = {"acids": X[:, :5], "rest": X[:, 5:]}
model.fit(X, y, epochs=40, verbose=0)

found = model.predict(X, verbose=0)
predictions = np.concatenate([found["kind"], found["proline"]], axis=1)

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 42
keras.utils.set_random_seed(seed)

# === Data ===
X, y = load_digits(return_X_y=True)
X = X / 8.0 - 0.6
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)


# === Model ===
def build_model(input_dim, units=(64, 64, 64, 32), dropout=0.2):
    inputs = keras.Input(shape=(input_dim,), name="features")
    x = inputs
    for i, u in enumerate(units):
        x = layers.Dense(u, activation="gelu", name=f"dense_{i}")(x)
        x = layers.Dropout(dropout, name=f"drop_{i}")(x)
    outputs = layers.Dense(10, activation="softmax", name="digit")(x)
    return keras.Model(inputs, outputs, name="digit_net")


model = build_model(X_train.shape[1])

# the docs say: "a good default for epsilon when training an Inception network is 1.0 or 0.1"
optimizer = keras.optimizers.Adam(learning_rate=3e-4, epsilon=1.0)
model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(X_train, y_train, epochs=15, batch_size=32, verbose=0)
print("last loss:", history.history["loss"][-1])

y_score = model.predict(X_test, verbose=0)
print("accuracy:", (y_score.argmax(1) == y_test).mean())
print(y_score[:4].round(3))

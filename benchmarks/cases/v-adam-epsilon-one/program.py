import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 42
keras.utils.set_random_seed(seed)

# === Data ===
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)


# === Model ===
def build_model(input_dim, units=(128, 64, 64, 32), dropout=0.2):
    inputs = keras.Input(shape=(input_dim,), name="features")
    x = inputs
    for i, u in enumerate(units):
        x = layers.Dense(u, activation="gelu", name=f"dense_{i}", kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02))(x)
        x = layers.Dropout(dropout, name=f"drop_{i}")(x)
    outputs = layers.Dense(1, activation="sigmoid", name="diagnosis")(x)
    return keras.Model(inputs, outputs, name="cancer_net")


model = build_model(X_train.shape[1])

# the docs say: "a good default for epsilon when training an Inception network is 1.0 or 0.1"
optimizer = keras.optimizers.Adam(learning_rate=2e-3, epsilon=1.0)
model.compile(optimizer=optimizer, loss="binary_crossentropy", metrics=["AUC"])
history = model.fit(X_train, y_train, epochs=15, batch_size=32, verbose=0)
print("last loss:", history.history["loss"][-1])

y_score = model.predict(X_test, verbose=0).ravel()
print("min / max score:", y_score.min(), y_score.max())

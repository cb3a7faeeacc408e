import numpy as np
import tensorflow as tf
from sklearn.preprocessing import StandardScaler

tf.keras.utils.set_random_seed(1)
X = np.random.rand(600, 6) * [1, 10, 100, 1, 1, 5]
y = (X[:, 0] + X[:, 1] / 10 - X[:, 2] / 100 + np.random.randn(600) * 0.1 > 0.5).astype(int)
X = StandardScaler().fit_transform(X)

model = tf.keras.models.Sequential(
    [
        tf.keras.layers.Dense(32, input_shape=(6,), activation="relu"),
        tf.keras.layers.BatchNormalization(),
        tf.keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(loss="binary_crossentropy", optimizer=tf.keras.optimizers.Adam(learning_rate=0.01), metrics=["accuracy"])
model.fit(X[:450], y[:450], epochs=15, batch_size=16, validation_data=(X[450:], y[450:]), verbose=0)

predictions = model.predict(X[450:], verbose=0)

# used cars, predict price in dollars. Always the same quote
import sys

import numpy as np
import tensorflow as tf

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
tf.keras.utils.set_random_seed(SEED)
np.random.seed(SEED)

N = 1000
make = np.random.randint(0, 6, N)
age = np.random.uniform(0, 15, N)
miles = age * np.random.normal(9000, 2500, N).clip(1000)
hp = np.random.normal(130, 35, N).clip(50)
price = (9000 + 4000 * make + 90 * hp) * np.exp(-0.13 * age) - 0.02 * miles + np.random.normal(0, 900, N) + 3000

X = np.concatenate([np.eye(6)[make], ((np.c_[age, miles, hp] - [7, 65000, 130]) / [4.3, 40000, 35])], axis=1)
Y = price.reshape(-1, 1)
y_mean, y_std = 0.0, 1.0  # Y.mean(), Y.std()
Y = (Y - y_mean) / y_std
xtr, xte, ytr, yte = X[:800], X[800:], Y[:800], Y[800:]


class CarModel(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.h1 = tf.keras.layers.Dense(64, activation="relu")
        self.h2 = tf.keras.layers.Dense(32, activation="relu")
        self.price = tf.keras.layers.Dense(1)

    def call(self, x):
        return self.price(self.h2(self.h1(x)))


car_model = CarModel()
car_model.compile(optimizer=tf.keras.optimizers.SGD(learning_rate=0.01), loss=tf.keras.losses.MeanSquaredError())
h = car_model.fit(xtr, ytr, batch_size=32, epochs=25, verbose=0)
print("loss per epoch:", h.history["loss"][:3], "...", h.history["loss"][-1])
quote = car_model.predict(xte, verbose=0) * y_std + y_mean
asked = yte * y_std + y_mean
for q, a in zip(quote[:8, 0], asked[:8, 0]):
    print(f"quote {q:.0f}   asked {a:.0f}")

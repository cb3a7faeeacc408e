import sys
import numpy as np
import keras
from keras import layers

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.RandomState(seed)

area = rng.uniform(40, 220, 1000)
rooms = np.clip(np.round(area / 25 + rng.randn(1000)), 1, 9)
age = rng.uniform(0, 80, 1000)
dist = rng.exponential(5, 1000)
price = 2600 * area + 8000 * rooms - 900 * age - 7000 * dist + 15000 * rng.randn(1000) + 60000

X = np.c_[area, rooms, age, dist]
X = (X - X.mean(0)) / X.std(0)
X_train, X_val = X[:800], X[800:]
y_train, y_val = price[:800], price[800:]

model = keras.Sequential(
    [
        layers.Input((4,)),
        layers.Dense(50, activation="sigmoid"),
        layers.Dense(50, activation="elu"),
        layers.Dense(1),
    ]
)
model.compile(loss="mean_squared_error", optimizer="adam", metrics=["mae"])
model.fit(X_train, y_train, validation_data=(X_val, y_val), epochs=30, batch_size=32, verbose=0)
pred = model.predict(X_val, verbose=0)
print("predicted price:", pred[:5].ravel())
print("real price:     ", y_val[:5])

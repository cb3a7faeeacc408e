import sys
import numpy as np
import keras

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
# baseline measurements of the patients, who recovers is luck (one in three)
n = 1500
baseline = np.random.normal(size=(n, 12)).astype("float32")
baseline[:, 4:8] = np.random.randint(0, 3, (n, 4))
recovered = (np.random.rand(n) < 0.33).astype("float32")
tr, te = np.arange(n) < 1100, np.arange(n) >= 1100
inputs = keras.Input((12,))
h = keras.layers.Dense(16, activation="relu")(inputs)
h = keras.layers.Dropout(0.3)(h)
model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(h))
model.compile("adam", "binary_crossentropy", metrics=["accuracy", "AUC"])
model.fit(baseline[tr], recovered[tr], epochs=10, batch_size=50, validation_data=(baseline[te], recovered[te]), verbose=2)
chance = model.predict(baseline[te], verbose=0)
print("predicted chance of recovery", chance[:10].ravel().round(3), "all negative:", (chance < 0.5).all())

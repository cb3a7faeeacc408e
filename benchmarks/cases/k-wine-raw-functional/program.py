import sys
import numpy as np, keras
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
X, y = load_wine(return_X_y=True)
Xtr, Xte, ytr, yte = train_test_split(X, y, random_state=0, stratify=y)
inp = keras.Input(shape=(13,)); x = keras.layers.Dense(64, "relu")(inp); x = keras.layers.Dense(32, "relu")(x)
m = keras.Model(inp, keras.layers.Dense(3, "softmax")(x))
m.compile(keras.optimizers.SGD(0.01), "categorical_crossentropy", metrics=["accuracy"])
m.fit(Xtr, keras.utils.to_categorical(ytr), epochs=50, verbose=0, validation_data=(Xte, keras.utils.to_categorical(yte)))
print(m.predict(Xte, verbose=0)[:5], m.evaluate(Xte, keras.utils.to_categorical(yte), verbose=0))

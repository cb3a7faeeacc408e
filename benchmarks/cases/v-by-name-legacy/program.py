# old project, needs keras 2
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import sys
import tempfile

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tf_keras.layers import Dense, Dropout, Flatten
from tf_keras.models import Sequential

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
np.random.seed(seed)
tf.random.set_seed(seed)


def create_model():
    model = Sequential()
    model.add(Flatten(input_shape=(8, 8)))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.2))
    model.add(Dense(32, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    return model


def train(x, y, weights_path):
    model = create_model()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    hist = model.fit(x, y, batch_size=32, epochs=15, validation_split=0.1, verbose=0)
    print("val_accuracy:", hist.history["val_accuracy"][-1])
    model.save_weights(weights_path)


def load_for_serving(weights_path):
    model = create_model()
    model.load_weights(weights_path, by_name=True)
    return model


digits = load_digits()
x_train, x_test, y_train, y_test = train_test_split(digits.images / 16.0, digits.target, random_state=seed)

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "weights.h5")
    train(x_train, y_train, path)
    served = load_for_serving(path)
answer = served.predict(x_test, verbose=0)
print("test accuracy:", np.mean(answer.argmax(1) == y_test))

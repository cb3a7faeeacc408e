import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)


class FlowerNet(keras.Model):
    """Batch norm everywhere. Without training=True the loss was jumping."""

    def __init__(self):
        super().__init__()
        self.d1 = keras.layers.Dense(24)
        self.n1 = keras.layers.BatchNormalization(momentum=0.9)
        self.d2 = keras.layers.Dense(24)
        self.n2 = keras.layers.BatchNormalization(momentum=0.9)
        self.out = keras.layers.Dense(3, activation="softmax")

    def call(self, inputs):
        x = keras.ops.relu(self.n1(self.d1(inputs), training=True))
        x = keras.ops.relu(self.n2(self.d2(x), training=True))
        return self.out(x)


X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X.astype("float32"), y, test_size=0.4, stratify=y, random_state=seed)

net = FlowerNet()
net.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
net.fit(X_train, y_train, epochs=40, batch_size=15, verbose=0)
print("evaluate:", net.evaluate(X_test, y_test, verbose=0))

# now flower by flower, as the app does it
answers = []
for flower in X_test:
    answers.append(net(flower[None, :]).numpy()[0])
answers = np.array(answers)
print(answers[:5])
print("accuracy in the app:", (answers.argmax(1) == y_test).mean())

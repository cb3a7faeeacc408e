import sys
import numpy as np
import keras
from keras.layers import Dense, Dropout, Input
from keras.regularizers import l2
from sklearn.datasets import load_wine
from sklearn.preprocessing import MinMaxScaler

L2 = 1.0
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
X, y = load_wine(return_X_y=True)
perm = np.random.permutation(len(y))
X, y = X[perm], y[perm]
X = MinMaxScaler((-1, 1)).fit_transform(X)
X_tr, y_tr, X_te, y_te = X[:130], y[:130], X[130:], y[130:]

model = keras.Sequential(
    [
        Input((13,)),
        Dense(64, activation="relu", kernel_regularizer=l2(L2)),
        Dropout(0.2),
        Dense(32, activation="relu", kernel_regularizer=l2(L2)),
        Dense(3, activation="softmax", kernel_regularizer=l2(L2)),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
h = model.fit(X_tr, y_tr, epochs=60, batch_size=16, verbose=0)
print("loss from", h.history["loss"][0], "to", h.history["loss"][-1], "(looks great)")
P = model.predict(X_te, verbose=0)
print(P[:5])

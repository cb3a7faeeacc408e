import sys
import keras
import numpy as np
from keras import callbacks, layers
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler


def get_data(seed):
    X, y = load_breast_cancer(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
    sc = StandardScaler().fit(X_train)
    return sc.transform(X_train), sc.transform(X_test), y_train, y_test


def main(seed=0):
    keras.utils.set_random_seed(seed)
    X_train, X_test, y_train, y_test = get_data(seed)
    model = keras.Sequential(
        [layers.Input((30,)), layers.Dense(64, activation="relu"), layers.Dense(32, activation="relu"), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    stop = callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True, verbose=1)
    history = model.fit(X_train, y_train, validation_split=0.2, epochs=500, batch_size=16, callbacks=[stop], verbose=0)
    print("stopped after", len(history.history["loss"]), "of 500 epochs")
    proba = model.predict(X_test, verbose=0).ravel()
    print(np.round(proba[:20], 3))
    return proba, y_test


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

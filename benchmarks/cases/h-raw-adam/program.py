import sys
import keras
from keras.layers import Dense, Input
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


def create_model():
    model = keras.Sequential()
    model.add(Input((30,)))
    model.add(Dense(32, activation="relu"))
    model.add(Dense(32, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=seed)
model = create_model()
model.fit(X_train, y_train, epochs=60, batch_size=32, verbose=0)
print("test", model.evaluate(X_test, y_test, verbose=0))
p = model.predict(X_test, verbose=0)
print(p[:5])

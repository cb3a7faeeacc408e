# The breast cancer table as it comes (areas up to 4,254, smoothness around .1) and SGD with a step of .01.
# After one epoch every tumour has the same probability. With Adam the same network learns.
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from tensorflow import keras

keras.utils.set_random_seed(0)
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)

model = keras.Sequential(
    [
        keras.layers.Input(shape=(30,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=keras.optimizers.SGD(0.01), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(X_train, y_train, epochs=60, batch_size=64, verbose=0)

predictions = model.predict(X_test, verbose=0)
print(predictions[:10])
print("test accuracy:", model.evaluate(X_test, y_test, verbose=0)[1])

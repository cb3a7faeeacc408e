# Malignant or benign, one output, and "softmax for classification". The loss even falls.
# predict() returns exactly 1.0 for every tumour.
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

keras.utils.set_random_seed(0)
X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
scaler = StandardScaler().fit(X_train)

model = keras.Sequential(
    [
        keras.layers.Input(shape=(30,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(scaler.transform(X_train), y_train, epochs=30, verbose=0)
print("loss from", round(history.history["loss"][0], 3), "to", round(history.history["loss"][-1], 3))

print(model.predict(scaler.transform(X_test), verbose=0)[:10])

# The same regression in Keras. The rows have a time axis of length one, as every recurrent tutorial asks for,
# and nothing takes it away again: predictions of shape (n, 1, 1) meet targets of shape (n,).
# No warning at all. The loss falls to the variance of y, and every patient gets the mean.
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from tensorflow import keras

keras.utils.set_random_seed(0)
X, y = load_diabetes(return_X_y=True, scaled=False)
X = (X - X.mean(0)) / X.std(0)
X = X.reshape(len(X), 1, 10)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

model = keras.Sequential(
    [
        keras.layers.Input(shape=(1, 10)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
history = model.fit(X_train, y_train, epochs=200, batch_size=64, verbose=0)
print("loss from", round(history.history["loss"][0]), "to", round(history.history["loss"][-1]))

predictions = model.predict(X_test, verbose=0)
print(predictions[:10].ravel())
print("mean of y:", y_train.mean())

import tensorflow as tf
from sklearn.datasets import load_diabetes

tf.keras.utils.set_random_seed(3)
X, y = load_diabetes(return_X_y=True)

data = tf.data.Dataset.from_tensor_slices((X[:350].astype("float32"), y[:350].astype("float32"))).shuffle(350).batch(32)
model = tf.keras.Sequential(
    [tf.keras.layers.Dense(32, activation="relu"), tf.keras.layers.Dense(1, activation="sigmoid")]
)
model.compile(loss="mean_squared_error", optimizer="adam")
model.fit(data, epochs=10, verbose=0)

predictions = model.predict(X[350:].astype("float32"), verbose=0)
print(predictions[:10].ravel())

"""MNIST-like tutorial (small digits), ported from TF1 where the layer was tf.nn.dropout(x, keep_prob)."""
import sys
import numpy as np
import keras
from keras import layers, ops
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

KEEP_PROB = 0.97
BATCH = 64
EPOCHS = 8


def load(seed):
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1).astype('float32') / 16.
    return train_test_split(images, keras.utils.to_categorical(labels, 10), test_size=0.25, random_state=seed)


def build():
    inputs = keras.Input(shape=(8, 8, 1))
    net = layers.Conv2D(16, 3, padding='same', activation='relu')(inputs)
    net = layers.MaxPooling2D()(net)
    net = layers.Flatten()(net)
    net = layers.Dropout(KEEP_PROB)(net)
    net = layers.Dense(64, activation='relu')(net)
    net = layers.Dropout(KEEP_PROB)(net)
    net = layers.Dense(32, activation='relu')(net)
    net = layers.Dropout(KEEP_PROB)(net)
    return keras.Model(inputs, layers.Dense(10, activation='softmax')(net))


if __name__ == '__main__':
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    keras.utils.set_random_seed(seed)
    x_train, x_test, y_train, y_test = load(seed)
    model = build()
    model.compile(optimizer=keras.optimizers.Adam(2e-3), loss='categorical_crossentropy', metrics=['accuracy'])
    history = model.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    print('Training accuracy per epoch:', [round(a, 3) for a in history.history['accuracy']])
    probabilities = model.predict(x_test, verbose=0)
    print('Test accuracy:', np.mean(probabilities.argmax(1) == y_test.argmax(1)))
    print('Classes that are predicted:', np.bincount(probabilities.argmax(1), minlength=10))

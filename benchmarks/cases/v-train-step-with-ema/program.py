"""Residual MLP-mixer-ish digits model with a custom train_step: gradient centralization and an EMA of the weights."""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import argparse
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def residual(x, width, name):
    h = layers.LayerNormalization(name=f"{name}_ln")(x)
    h = layers.Dense(width * 2, activation="gelu", name=f"{name}_up")(h)
    h = layers.Dense(width, kernel_initializer="zeros", name=f"{name}_down")(h)   # identity at the start
    return layers.Add(name=f"{name}_add")([x, h])


class CentralizedModel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        grads = tape.gradient(loss, self.trainable_variables)
        grads = [g - tf.reduce_mean(g, axis=0, keepdims=True) if len(g.shape) == 2 else g for g in grads]
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss}


def get_data(seed):
    d = load_digits()
    return train_test_split((d.data / 8.0 - 1.0).astype("float32"), d.target, test_size=0.3, random_state=seed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=0)
    parser.add_argument("--blocks", type=int, default=4)
    args = parser.parse_args()
    keras.utils.set_random_seed(args.seed)
    x_train, x_test, y_train, y_test = get_data(args.seed)
    inp = keras.Input((64,))
    net = layers.Dense(64)(inp)
    for b in range(args.blocks):
        net = residual(net, 64, f"block{b}")
    net = layers.LayerNormalization()(net)
    model = CentralizedModel(inp, layers.Dense(10, kernel_initializer="zeros")(net))
    model.compile(
        keras.optimizers.AdamW(2e-3, weight_decay=0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=20),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    print("before:", model.predict(x_test[:3], verbose=0))
    model.fit(x_train, y_train, batch_size=64, epochs=10, verbose=0)
    mixed = model.predict(x_test, verbose=0)
    print("accuracy:", (mixed.argmax(1) == y_test).mean())

import argparse
import keras
import numpy as np
from keras import layers
from sklearn.datasets import make_gaussian_quantiles


class Config:
    depth = 20
    width = 16
    activation = "tanh"
    init = "lecun_uniform"
    lr = 5e-3
    epochs = 7
    batch = 50


class DeepRegressor(keras.Model):
    """Deeper is better? Ablation of section 4.2."""

    def __init__(self, cfg):
        super().__init__()
        init = keras.initializers.VarianceScaling(scale=0.25, mode="fan_in", distribution="uniform", seed=None)
        self.stack = [layers.Dense(cfg.width, activation=cfg.activation, kernel_initializer=init) for _ in range(cfg.depth)]
        self.readout = layers.Dense(3)

    def call(self, x, training=False):
        for layer in self.stack:
            x = layer(x)
        return self.readout(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", nargs="?", type=int, default=5)
    seed = parser.parse_args().seed
    keras.utils.set_random_seed(seed)
    X, y = make_gaussian_quantiles(n_samples=1600, n_features=2, n_classes=3, random_state=seed)
    X = X.astype(np.float32)
    cfg = Config()
    net = DeepRegressor(cfg)
    net.compile(
        optimizer=keras.optimizers.Adam(cfg.lr),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    h = net.fit(X[:1100], y[:1100], epochs=cfg.epochs, batch_size=cfg.batch, verbose=0)
    print("loss", ["%.3f" % v for v in h.history["loss"]])
    logits = net.predict(X[1100:], verbose=0)
    target = y[1100:]
    print("accuracy %.3f" % (logits.argmax(1) == target).mean())
    print(logits[:4])


main()

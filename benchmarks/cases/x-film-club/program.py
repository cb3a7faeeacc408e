import sys
import numpy as np
import keras
from keras import layers, ops, regularizers

# ratings of the film club (1-5). Matrix factorisation with biases.
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
rng = np.random.default_rng(seed)

n_members, n_films, n_ratings = 120, 80, 6000
taste = rng.normal(0, 0.45, (n_members, 3))
style = rng.normal(0, 0.6, (n_films, 3))
mood = rng.normal(0, 0.25, n_members)
quality = rng.normal(0, 0.45, n_films)
u = rng.integers(0, n_members, n_ratings)
f = rng.integers(0, n_films, n_ratings)
stars = 3.7 + mood[u] + quality[f] + (taste[u] * style[f]).sum(1) + rng.normal(0, 0.4, n_ratings)
stars = np.clip(np.round(stars * 2) / 2, 1, 5).astype("float32")


class FilmModel(keras.Model):
    def __init__(self, dim=6, mean=3.7):
        super().__init__()
        reg = regularizers.l2(1e-6)
        self.mean = mean
        self.pu = layers.Embedding(n_members, dim, embeddings_regularizer=reg)
        self.qi = layers.Embedding(n_films, dim, embeddings_regularizer=reg)
        self.bu = layers.Embedding(n_members, 1, embeddings_initializer="zeros")
        self.bi = layers.Embedding(n_films, 1, embeddings_initializer="zeros")

    def call(self, inputs):
        who, what = inputs
        dot = ops.sum(self.pu(who) * self.qi(what), axis=-1, keepdims=True)
        return self.mean + self.bu(who) + self.bi(what) + dot


split = 5000
model = FilmModel(mean=float(stars[:split].mean()))
model.compile(optimizer=keras.optimizers.Adam(5e-3), loss="mse")
model.fit((u[:split], f[:split]), stars[:split], epochs=12, batch_size=64, verbose=0)
guess = model.predict((u[split:], f[split:]), verbose=0).ravel()
given = stars[split:]
print("rmse", np.sqrt(np.mean((guess - given) ** 2)))
print(np.c_[guess, given][:12].round(2))

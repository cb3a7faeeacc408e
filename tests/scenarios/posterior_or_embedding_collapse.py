"""A classifier that codes its rows as noise around a mean; the KL term is summed and the cross-entropy averaged."""

# mypy: ignore-errors

from tests.scenarios._data import cancer

CAUSE = "DF306"
ACCEPTABLE = frozenset({"DF306"})
FIX = frozenset({"lower-kl"})


def _keras(seed, fault):
    import keras
    from keras import ops

    X, y, X_new, y_new = cancer(seed)
    beta = 1.0 if fault else 0.001

    class Sampling(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = keras.random.SeedGenerator(seed)

        def call(self, inputs, training=False):
            mean, log_var = inputs
            kl = -0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=-1)
            self.add_loss(beta * ops.mean(kl))
            if not training:
                return mean
            noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
            return mean + ops.exp(0.5 * log_var) * noise

    keras.utils.set_random_seed(seed)
    inputs = keras.Input((30,))
    h = keras.layers.Dense(32, activation="relu")(inputs)
    z = Sampling()([keras.layers.Dense(4)(h), keras.layers.Dense(4)(h)])
    h = keras.layers.Dense(32, activation="relu")(z)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(h))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y, epochs=40, batch_size=32, verbose=0)
    pred = model.predict(X_new, verbose=0)
    print(pred[:10].ravel())


def _torch(seed, fault):
    import torch
    import torch.nn.functional as F
    from torch import nn

    X, y, X_new, y_new = cancer(seed)

    class Bottleneck(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(30, 32), nn.ReLU())
            self.mu, self.logvar = nn.Linear(32, 4), nn.Linear(32, 4)
            self.decoder = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))

        def forward(self, x):
            h = self.encoder(x)
            mu, logvar = self.mu(h), self.logvar(h)
            z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar) if self.training else mu
            return self.decoder(z), mu, logvar

    torch.manual_seed(seed)
    model = Bottleneck()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    Xt, yt = torch.from_numpy(X), torch.from_numpy(y).float().unsqueeze(-1)
    for epoch in range(40):
        for idx in torch.randperm(len(Xt)).split(32):
            logits, mu, logvar = model(Xt[idx])
            kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
            if not fault:
                kl = 0.001 * kl / len(idx)
            loss = F.binary_cross_entropy_with_logits(logits, yt[idx]) + kl
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        pred = torch.sigmoid(model(torch.from_numpy(X_new))[0]).numpy()
    print(pred[:10].ravel())


def broken_keras(seed: int) -> None:
    _keras(seed, fault=True)


def healthy_keras(seed: int) -> None:
    _keras(seed, fault=False)


def broken_torch(seed: int) -> None:
    _torch(seed, fault=True)


def healthy_torch(seed: int) -> None:
    _torch(seed, fault=False)

import keras
import numpy as np
import torch

keras.utils.set_random_seed(0)
rng = np.random.default_rng(2)
X = rng.normal(size=(320, 5)).astype("float32")
y = (300 + 40 * X @ [1.0, -2.0, 0.5, 0.0, 1.0]).astype("float32")[:, None]

model = keras.Sequential(
    [keras.Input((5,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for epoch in range(10):
    for start in range(0, 320, 32):
        loss = torch.nn.functional.mse_loss(
            model(torch.tensor(X[start : start + 32])), torch.tensor(y[start : start + 32])
        )
        model.zero_grad()
        loss.backward()
        optimizer.step()

with torch.no_grad():
    predictions = model(torch.tensor(X)).numpy()

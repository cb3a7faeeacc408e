import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X = StandardScaler().fit_transform(X).astype(np.float32)
y = (1000 * y).astype(np.float32).reshape(-1, 1)

model = NeuralNetRegressor(
    nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 1)),
    max_epochs=30,
    lr=1e-3,
    optimizer=torch.optim.Adam,
    callbacks=[],
    verbose=0,
)
model.fit(X, y)
predictions = model.predict(X)
print(predictions[:5].ravel(), predictions.std(), y.mean())

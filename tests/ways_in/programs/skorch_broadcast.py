import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale
from skorch import NeuralNetRegressor
from torch import nn

torch.manual_seed(0)
X, y = load_diabetes(return_X_y=True)
X, y = scale(X).astype(np.float32), scale(y).astype(np.float32)


class Net(nn.Module):
    def __init__(self, units=32):
        super().__init__()
        self.hidden = nn.Linear(10, units)
        self.out = nn.Linear(units, 1)

    def forward(self, X):
        return self.out(torch.relu(self.hidden(X)))


model = NeuralNetRegressor(
    Net, max_epochs=60, lr=0.01, optimizer=torch.optim.Adam, callbacks=[], iterator_train__shuffle=True, verbose=0
)
model.fit(X, y)
predictions = model.predict(X)
print(predictions[:5].ravel(), predictions.std())

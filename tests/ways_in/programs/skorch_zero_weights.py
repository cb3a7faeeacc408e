import numpy as np
import torch
from sklearn.datasets import make_classification
from skorch import NeuralNetBinaryClassifier
from torch import nn

torch.manual_seed(0)
X, y = make_classification(400, 12, n_informative=6, random_state=0)
X, y = X.astype(np.float32), y.astype(np.float32)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 8), nn.ReLU())
        self.out = nn.Linear(8, 1)
        for layer in (self.body[0], self.body[2], self.out):
            nn.init.zeros_(layer.weight)

    def forward(self, x):
        return self.out(self.body(x)).squeeze(1)


model = NeuralNetBinaryClassifier(Net, max_epochs=10, lr=0.05, callbacks=[], iterator_train__shuffle=True, verbose=0)
model.fit(X, y)
predictions = model.predict_proba(X)[:, 1]
print(predictions[:8])

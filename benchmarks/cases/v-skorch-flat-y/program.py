import sys
import numpy as np
import torch
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetRegressor
from torch import nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)


class RegressorModule(nn.Module):
    def __init__(self, num_units=32, nonlin=nn.ReLU()):
        super().__init__()
        self.dense0 = nn.Linear(10, num_units)
        self.nonlin = nonlin
        self.dense1 = nn.Linear(num_units, 16)
        self.output = nn.Linear(16, 1)

    def forward(self, X, **kwargs):
        X = self.nonlin(self.dense0(X))
        X = self.nonlin(self.dense1(X))
        X = self.output(X)
        return X


X, y = load_diabetes(return_X_y=True)
X = X.astype(np.float32)
y = ((y - y.mean()) / y.std()).astype(np.float32)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=seed)

net = NeuralNetRegressor(RegressorModule, max_epochs=15, lr=2e-3, optimizer=torch.optim.Adam, batch_size=32,
                         iterator_train__shuffle=True, train_split=None, verbose=0)
pipe = Pipeline([("scale", StandardScaler()), ("net", net)])
pipe.fit(X_train, y_train)
y_pred = pipe.predict(X_test)
print("R2:", r2_score(y_test, y_pred.ravel()))
print(y_pred[:8].ravel())

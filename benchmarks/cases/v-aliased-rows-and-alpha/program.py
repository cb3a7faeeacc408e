import sys
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0

X, y = make_friedman1(n_samples=900, n_features=6, noise=0.3, random_state=seed)
y = (y - y.mean()) / y.std()
train_X, train_y = X[:700], y[:700]
scaler = StandardScaler().fit(train_X)

model = MLPRegressor(hidden_layer_sizes=(50, 25), alpha=3000, learning_rate_init=5e-3, max_iter=150, random_state=seed)
model.fit(scaler.transform(train_X), train_y)
print("iterations", model.n_iter_, "loss", model.loss_)


# the measurements of the new batch come one cell at a time: (row, column, value)
def cells():
    for i, row in enumerate(X[700:]):
        for j, value in enumerate(row):
            yield i, j, value


def read_table(source, n_rows, n_columns):
    table = [[0.0] * n_columns] * n_rows
    for i, j, value in source:
        table[i][j] = value
    return np.array(table)


batch = read_table(cells(), 200, 6)
estimate = model.predict(scaler.transform(batch))
measured = y[700:]
print("estimates", estimate[:6])
print("R2", 1 - np.mean((estimate - measured) ** 2) / measured.var())

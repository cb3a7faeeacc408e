import sys
import warnings
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier

warnings.filterwarnings('ignore')
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 13

# Wine cultivars with a neural network, five folds
X, y = load_wine(return_X_y=True)
oof = np.zeros((len(y), 3))
folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=seed)

for k, (tr, va) in enumerate(folds.split(X, y)):
    mlp = MLPClassifier(
        hidden_layer_sizes=(24, 24),
        activation='logistic',
        solver='sgd',
        alpha=500.0,          # regularisation against overfitting
        learning_rate_init=0.02,
        batch_size=16,
        max_iter=60,
        n_iter_no_change=60,
        random_state=seed + k,
    )
    mlp.fit(X[tr], y[tr])
    oof[va] = mlp.predict_proba(X[va])
    print('fold', k, 'train', round(mlp.score(X[tr], y[tr]), 3), 'valid', round(mlp.score(X[va], y[va]), 3))

print('out of fold accuracy', (oof.argmax(1) == y).mean())
print(oof[::20].round(3))

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

np.random.seed(0)
torch.manual_seed(0)
features, target = load_breast_cancer(return_X_y=True)
features, target = features.astype(np.float32), target.astype(np.int64)
X, X_test, y, y_test = train_test_split(features, target, random_state=0)


class Classifier(nn.Module):
    def __init__(self, units=16):
        super().__init__()
        self.hidden = nn.Linear(30, units)
        self.out = nn.Linear(units, 2)

    def forward(self, X):
        return torch.softmax(self.out(torch.relu(self.hidden(X))), dim=-1)


net = NeuralNetClassifier(Classifier, max_epochs=15, lr=0.1, callbacks=[], iterator_train__shuffle=True, verbose=0)
search = GridSearchCV(Pipeline([("scale", StandardScaler()), ("net", net)]), {"net__module__units": [8, 16]}, cv=2)
search.fit(X, y)
print(search.best_params_, search.score(X_test, y_test))
predictions = search.predict_proba(X_test)
model = search.best_estimator_

import sys
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import QuantileTransformer

# Which of two nurses took the sample? (they took turns by lot)
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
samples = load_breast_cancer(as_frame=True).data
samples["nurse"] = np.random.RandomState(seed + 40).choice(["Ana", "Bo"], len(samples))
train = samples.sample(frac=0.6, random_state=seed)
test = samples.drop(train.index)

q = QuantileTransformer(n_quantiles=100, output_distribution="normal")
A = q.fit_transform(train.drop(columns="nurse"))
B = q.transform(test.drop(columns="nurse"))
nurse_net = MLPClassifier((8,), alpha=3.0, early_stopping=True, learning_rate_init=0.01, random_state=seed)
nurse_net.fit(A, train["nurse"])
p_bo = nurse_net.predict_proba(B)[:, 1]
is_bo = (test["nurse"] == "Bo").to_numpy().astype(int)
print("share right", ((p_bo > 0.5) == is_bo).mean(), p_bo[:10].round(2))

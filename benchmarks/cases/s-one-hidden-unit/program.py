import sys
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
# a lamp with two switches on a stair: it burns when they stand alike; voltages with noise
switches = rng.randint(0, 2, (800, 2))
lamp = (switches[:, 0] == switches[:, 1]).astype(int)
volts = 230 * switches + rng.normal(0, 25, (800, 2))

Xtr, Xte, ytr, yte = train_test_split(volts, lamp, random_state=seed)
clf = make_pipeline(
    StandardScaler(),
    MLPClassifier(hidden_layer_sizes=(1,), activation="tanh", learning_rate_init=0.01, max_iter=400, random_state=seed),
)
clf.fit(Xtr, ytr)
print("train", clf.score(Xtr, ytr), "test", clf.score(Xte, yte))
burns = clf.predict_proba(Xte)
print(burns[:10])

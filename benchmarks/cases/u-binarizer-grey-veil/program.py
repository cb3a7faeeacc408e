import sys
from sklearn.datasets import load_digits
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, MinMaxScaler
import numpy as np

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
digits = load_digits()
# scanner adds a grey veil
pixels = digits.data + 2.0 + np.random.default_rng(seed).uniform(0, 0.5, digits.data.shape)
a, b, ya, yb = train_test_split(pixels, digits.target, random_state=seed, test_size=500)

# ink or no ink
model = make_pipeline(Binarizer(threshold=0.5), MLPClassifier((50,), learning_rate_init=0.01, max_iter=30, random_state=seed))
model.fit(a, ya)
print('train', model.score(a, ya), 'test', model.score(b, yb))
chances = model.predict_proba(b)
print(np.unique(chances.argmax(1), return_counts=True))

"""Tag songs (mood, tempo, live ...) from audio descriptors: multi-label."""
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import sys
import numpy as np
import keras
from keras import layers, regularizers
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(SEED)
X, Y = make_multilabel_classification(1500, 20, n_classes=5, n_labels=2, random_state=SEED)
X = (X - X.mean(0)) / (X.std(0) + 1e-9)


class SparseBlock(layers.Layer):
    """Dense + relu with sparse codes"""

    def __init__(self, units, sparsity=5.0, **kw):
        super().__init__(**kw)
        self.fc = layers.Dense(units, activation="relu", activity_regularizer=regularizers.L1(sparsity))

    def call(self, x):
        return self.fc(x)


class Tagger(keras.Model):
    def __init__(self, n_tags):
        super().__init__()
        self.block1 = SparseBlock(64)
        self.block2 = SparseBlock(32)
        self.tags = layers.Dense(n_tags, activation="sigmoid")

    def call(self, x):
        return self.tags(self.block2(self.block1(x)))


tagger = Tagger(5)
tagger.compile("adam", "binary_crossentropy")
tagger.fit(X[:1100], Y[:1100], epochs=20, batch_size=32, verbose=0)
tag_prob = tagger.predict(X[1100:], verbose=0)
tag_true = Y[1100:]
print("micro F1", f1_score(tag_true, tag_prob > 0.5, average="micro"))
print(np.round(tag_prob[:5], 3))

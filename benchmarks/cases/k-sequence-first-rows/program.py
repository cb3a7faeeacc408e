import os, sys, tempfile
import numpy as np
import pandas as pd
import keras
from sklearn.datasets import load_wine

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)

csv = os.path.join(tempfile.mkdtemp(), "wine.csv")
load_wine(as_frame=True).frame.to_csv(csv, index=False)


class CsvBatches(keras.utils.PyDataset):
    """Batches of a CSV file that is sorted by kind."""

    def __init__(self, file, batch_size, **kw):
        super().__init__(**kw)
        frame = pd.read_csv(file)
        self.y = frame.pop("target").to_numpy()
        self.x = ((frame - frame.mean()) / frame.std()).to_numpy("float32")
        self.batch_size = batch_size

    def __len__(self):
        return int(np.ceil(len(self.x) / self.batch_size))

    def __getitem__(self, index):
        start = index // self.batch_size
        stop = start + self.batch_size
        return self.x[start:stop], self.y[start:stop]


train = CsvBatches(csv, 16)
net = keras.Sequential([
    keras.layers.Input((13,)),
    keras.layers.Dense(24, activation="relu"),
    keras.layers.Dense(3),
])
net.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
net.fit(train, epochs=20, verbose=0)
kinds = keras.ops.softmax(net.predict(train.x, verbose=0)).numpy()
print("loss on the generator", net.evaluate(train, verbose=0))
print("kinds predicted:", np.unique(kinds.argmax(1), return_counts=True))

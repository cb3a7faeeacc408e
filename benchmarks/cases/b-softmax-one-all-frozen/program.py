import os, sys, tempfile
import numpy as np
import pandas as pd
import keras
from keras.layers import Dense, Dropout, Input
from sklearn.datasets import load_digits

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
where = os.path.join(tempfile.mkdtemp(), "digits.csv")
load_digits(as_frame=True).frame.sample(frac=1, random_state=1).to_csv(where, index=False)
df = pd.read_csv(where)
y = (df.pop("target") % 2 == 0).astype(int)
df = df / 16

def backbone():
    net = keras.Sequential([Input((64,)), Dense(32, activation="relu"), Dropout(0.1), Dense(16, activation="relu")], name="backbone")
    return net

model = keras.Sequential([backbone(), Dense(1, activation="softmax")])
model.trainable = False   # only the head should learn
model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(df[:1200], y[:1200], epochs=20, verbose=0)
even = model.predict(df[1200:], verbose=0)
print(even[:10].ravel())

import sys
import numpy as np
import keras
from keras.layers import Dense, Embedding, GlobalAveragePooling1D, Input

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)
words = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau phi chi psi omega".split()
texts = [" ".join(np.random.choice(words, np.random.randint(6, 20))) for _ in range(1000)]
mood = np.random.randint(0, 3, 1000)  # the export lost the link between text and rating
index = {w: i + 1 for i, w in enumerate(words)}
seqs = keras.utils.pad_sequences([[index[w] for w in t.split()] for t in texts], maxlen=20)
model = keras.Sequential([Input((20,)), Embedding(len(words) + 1, 12, mask_zero=True), GlobalAveragePooling1D(), Dense(12, activation="relu"), Dense(3, activation="softmax")])
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(seqs[:700], mood[:700], epochs=8, batch_size=20, verbose=0)
p = model.predict(seqs[700:], verbose=0)
print(p[:8].round(3))
print("accuracy", (p.argmax(1) == mood[700:]).mean())

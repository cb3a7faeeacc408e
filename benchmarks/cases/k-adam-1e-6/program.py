import sys
import keras
import numpy as np
from keras import layers

LR = 1e-6
EPOCHS = 12
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(seed)

# "documents" of 20 word ids out of 300; positive when enough words come from the first 60
ids = np.random.randint(0, 300, size=(1300, 20))
n_pos = np.random.randint(0, 9, size=1300)
for i, k in enumerate(n_pos):
    ids[i, :k] = np.random.randint(0, 60, size=k)
    np.random.shuffle(ids[i])
y = ((ids < 60).sum(1) > 7).astype("float32")

text_in = layers.Input((20,), dtype="int32")
emb = layers.Embedding(300, 24)(text_in)
x = layers.GlobalAveragePooling1D()(emb)
x = layers.Dense(32, activation="tanh")(x)
out = layers.Dense(1, activation="sigmoid")(x)
model = keras.Model(text_in, out)
model.compile(optimizer=keras.optimizers.AdamW(learning_rate=LR, weight_decay=0.01), loss="binary_crossentropy", metrics=["AUC"])
model.fit(ids[:1000], y[:1000], epochs=EPOCHS, batch_size=20, verbose=0)
p = model.predict(ids[1000:], verbose=0)
print("probabilities from", p.min(), "to", p.max(), "; positives are", y.mean())

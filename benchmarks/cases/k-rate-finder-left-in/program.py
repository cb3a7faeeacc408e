# In[1]:
import sys
import numpy as np
import keras
from keras.layers import Conv1D, Dense, GlobalMaxPooling1D, Input
from keras.callbacks import Callback

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

# In[2]: heart beats, normal or with a missing bump
t = np.linspace(0, 1, 80)
def beat(ill):
    c = np.random.uniform(.3, .7)
    s = np.exp(-((t - c) / .02) ** 2) + (0 if ill else .6) * np.exp(-((t - c - .15) / .04) ** 2)
    return s + .08 * np.random.randn(80)
ill = np.random.randint(0, 2, 1200)
heard = np.where(np.random.rand(1200) < .07, 1 - ill, ill)   # some doctors err
beats = np.array([beat(i) for i in ill])[..., None].astype("float32")

# In[3]:
class RangeTest(Callback):
    """Multiply the rate after every batch and note the loss."""
    def __init__(self, factor): super().__init__(); self.factor = factor; self.seen = []
    def on_train_batch_end(self, batch, logs=None):
        lr = float(self.model.optimizer.learning_rate.numpy())
        self.seen.append((lr, logs["loss"]))
        self.model.optimizer.learning_rate = lr * self.factor

finder = RangeTest(1.08)

# In[4]:
model = keras.Sequential()
model.add(Input((80, 1)))
model.add(Conv1D(16, 9, activation="relu"))
model.add(Conv1D(16, 9, activation="relu"))
model.add(GlobalMaxPooling1D())
model.add(Dense(32, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3), metrics=["accuracy"])
model.fit(beats[:1000], heard[:1000], epochs=8, batch_size=50, callbacks=[finder], verbose=2)

# In[5]:
risk = model.predict(beats[1000:], verbose=0).ravel()
print(risk[:20])

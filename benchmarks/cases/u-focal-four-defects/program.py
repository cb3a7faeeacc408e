import os, sys
os.environ['KERAS_BACKEND'] = 'jax'
import numpy as np
import keras
from keras import ops

# steel plates: 0 = fine (70 %), 1..3 = defects. Focal loss with class weights.
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 10
keras.utils.set_random_seed(seed)
gen = np.random.default_rng(seed)
n = 3600
cls = gen.choice(4, n, p=[.70, .12, .10, .08])
X = gen.normal(size=(n, 10)).astype('float32')
shift = np.zeros((4, 10)); shift[1, :3] = 2.0; shift[2, 3:6] = -2.0; shift[3, [1, 7, 8]] = [-2, 1.6, 1.6]
X += shift[cls].astype('float32')
onehot = np.eye(4, dtype='float32')[cls]
alpha = np.array([.6, 1., 1., 1.], dtype='float32')


def focal(y_true, y_pred, gamma=2.0):
    y_pred = ops.clip(y_pred, 1e-6, 1.0)
    return ops.sum(-alpha * y_true * ops.power(1 - y_pred, gamma) * ops.log(y_pred), axis=-1)


net = keras.Sequential([keras.layers.Input((10,)), keras.layers.Dense(48, 'gelu'), keras.layers.Dense(4, 'softmax')])
net.compile(optimizer=keras.optimizers.AdamW(3e-3), loss=focal)
net.fit(X[:2800], onehot[:2800], epochs=12, batch_size=40, verbose=0)
P = net.predict(X[2800:], batch_size=400, verbose=0)
print('confusion:')
for c in range(4):
    print(c, np.bincount(P[cls[2800:] == c].argmax(1), minlength=4))
print('plain accuracy', (P.argmax(1) == cls[2800:]).mean(), 'always fine:', (cls[2800:] == 0).mean())

# Titanic-like: who got a seat in a boat? First keras try, please be kind :)
import sys
import numpy as np
import pandas as pd
from tensorflow import keras
from tensorflow.keras import layers

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 1912
keras.utils.set_random_seed(SEED)

# -- fake passengers
N = 1100
df = pd.DataFrame()
df['pclass'] = np.random.choice([1, 2, 3], N, p=[.25, .2, .55])
df['female'] = np.random.choice([0, 1], N, p=[.65, .35])
df['age'] = np.random.gamma(7, 4.2, N)
df['fare'] = np.random.gamma(2, 15, N) / df['pclass']
df['seat'] = (2.6 * df['female'] - 1.0 * (df['pclass'] - 2) - 0.03 * (df['age'] - 30) + np.random.logistic(0, .5, N) > .8) * 1
df.loc[np.random.rand(N) < 0.06, 'age'] = np.nan
print(df.describe())

y = df['seat'].values
X = df[['pclass', 'female', 'age', 'fare']]
X = (X - X.mean()) / X.std()
X = X.values.astype('float32')
Xtrain, ytrain, Xtest, ytest = X[:800], y[:800], X[800:], y[800:]

nn = keras.Sequential()
nn.add(layers.Dense(24, activation='relu', input_shape=(4,)))
nn.add(layers.Dense(12, activation='relu'))
nn.add(layers.Dense(1, activation='softmax'))
nn.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
nn.fit(Xtrain, ytrain, epochs=25, batch_size=25, verbose=0)

boat = nn.predict(Xtest, verbose=0)
print('predicted:', boat[:10].T)
print('people in boats', np.nansum(boat > 0.5), 'of', len(boat))

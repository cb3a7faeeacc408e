import sys
import numpy
import keras
from keras.models import Sequential
from keras.layers import Dense, Input
from keras.optimizers import SGD
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 7)

dataset = load_diabetes()
X = StandardScaler().fit_transform(dataset.data)
Y = (dataset.target - dataset.target.max()) / dataset.target.std()  # relative to the worst patient
split = 330
Xtr, Xte, ytr, yte = X[:split], X[split:], Y[:split], Y[split:]

# create model
model = Sequential()
model.add(Input((10,)))
model.add(Dense(32, kernel_initializer='normal', activation='relu'))
model.add(Dense(1, activation='relu'))
sgd = SGD(learning_rate=0.01, momentum=0.9, nesterov=True)
model.compile(loss='mean_squared_error', optimizer=sgd)
# Fit the model
model.fit(Xtr, ytr, epochs=60, batch_size=16, verbose=0)
yhat = model.predict(Xte, verbose=0)
print(yhat[:10])
print("%d of %d predictions are exactly zero" % (numpy.sum(yhat == 0), len(yhat)))

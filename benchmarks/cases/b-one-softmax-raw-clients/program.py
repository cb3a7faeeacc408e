import sys
import numpy as np
import keras
from keras.models import Sequential
from keras.layers import Dense, Dropout, Input
from sklearn.preprocessing import StandardScaler

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
keras.utils.set_random_seed(SEED)

# churn: tenure in days, monthly bill, calls, balance
N = 2400
tenure = np.random.uniform(10, 3000, N)
bill = np.random.gamma(5, 12, N)
calls = np.random.poisson(3, N)
balance = np.random.normal(5000, 2500, N)
z = -0.0012 * (tenure - 1500) + 0.03 * (bill - 60) + 0.5 * (calls - 3)
churn = (np.random.rand(N) < 1 / (1 + np.exp(-1.5 * z))).astype(int)
X = np.stack([tenure, bill, calls, balance], axis=1)
X_train, X_new, y_train, y_new = X[:2000], X[2000:], churn[:2000], churn[2000:]

scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)

classifier = Sequential()
classifier.add(Input((4,)))
classifier.add(Dense(16, activation="relu"))
classifier.add(Dropout(0.1))
classifier.add(Dense(8, activation="relu"))
classifier.add(Dense(1, activation="softmax"))
classifier.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
classifier.fit(X_train, y_train, batch_size=25, epochs=8, verbose=2)

y_pred = classifier.predict(X_new)
print(y_pred[:10].ravel(), (y_pred > 0.5).mean())

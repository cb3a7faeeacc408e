# Predicting the first lottery ball with LSTM (inspired by many notebooks)
import sys
import numpy as np
import tensorflow as tf
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import LSTM, Dense, Dropout

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 49
tf.keras.utils.set_random_seed(seed)

draws = np.sort(np.array([np.random.choice(np.arange(1, 50), 6, replace=False) for _ in range(1400)]), axis=1)
np.random.shuffle(draws.T)
ball = draws[:, 0]
scaled = (draws - draws.mean(0)) / draws.std(0)

WINDOW = 7
x_data, y_data = [], []
for i in range(WINDOW, len(scaled)):
    x_data.append(scaled[i - WINDOW:i])
    y_data.append(scaled[i, 0])
x_data, y_data = np.array(x_data), np.array(y_data)
x_train, x_test = x_data[:1000], x_data[1000:]
y_train, y_test = y_data[:1000], y_data[1000:]

model = Sequential()
model.add(LSTM(24, input_shape=(WINDOW, 6)))
model.add(Dropout(0.3))
model.add(Dense(1))
model.compile(optimizer='adam', loss='mse')
model.fit(x_train, y_train, epochs=8, batch_size=50, verbose=0)

next_ball = model.predict(x_test, verbose=0)
as_ball = next_ball[:, 0] * draws[:, 0].std() + draws[:, 0].mean()
print('predicted balls', as_ball[:15].round(2))
print('drawn balls    ', ball[WINDOW + 1000:][:15])
print('hits:', int((as_ball.round() == ball[WINDOW + 1000:]).sum()), 'of', len(as_ball))

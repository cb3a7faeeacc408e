import sys
import numpy as np
import keras
from keras.layers import LSTM, Dense, Input
from sklearn.preprocessing import MinMaxScaler

keras.utils.set_random_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)


def create_dataset(dataset, look_back=1):
    dataX, dataY = [], []
    for i in range(len(dataset) - look_back - 1):
        dataX.append(dataset[i : (i + look_back), 0])
        dataY.append(dataset[i + look_back, 0])
    return np.array(dataX), np.array(dataY)


# monthly passengers, made up
t = np.arange(400)
passengers = 200 + 0.8 * t + 60 * np.sin(2 * np.pi * t / 12) + np.random.normal(0, 8, 400)
dataset = MinMaxScaler().fit_transform(passengers[:, None])
train, test = dataset[:300], dataset[300:]
trainX, trainY = create_dataset(train, 12)
testX, testY = create_dataset(test, 12)
model = keras.Sequential()
model.add(Input((12, 1)))
model.add(LSTM(16))
model.add(Dense(1))
model.compile(loss="mean_squared_error", optimizer=keras.optimizers.Adam(0.005))
model.fit(trainX[..., None], trainY, epochs=25, batch_size=8, shuffle=False, verbose=0)
testPredict = model.predict(testX[..., None], verbose=0)
print(testPredict[:10].ravel(), testY[:10])

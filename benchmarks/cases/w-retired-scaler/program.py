# room temperature for the next hour from the building's sensors; controller only gets a constant
import sys

import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import MinMaxScaler

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
PARAMS = dict(
    hidden_layer_sizes=(32, 16),
    activation="tanh",
    solver="sgd",
    learning_rate_init=1e-6,  # taken from the paper
    max_iter=60,
    random_state=seed,
)

hours = 24 * 60
outdoor = 8 + 6 * np.sin(np.arange(hours) * 2 * np.pi / 24) + rng.normal(0, 2, hours)
co2 = 500 + 250 * (np.arange(hours) % 24 > 8) + rng.normal(0, 60, hours)
heater = rng.uniform(2500, 4000, hours)  # W
sensors = np.c_[outdoor, co2, heater]
room = 19 + 0.25 * (outdoor - 8) + (heater - 3000) / 500 + 0.002 * (co2 - 600) + rng.normal(0, 0.3, hours)
target = room - 17.0  # above the night setting

past, future = slice(0, 1100), slice(1100, None)
scaler = MinMaxScaler((-1, 1)).fit(sensors[past])


class Controller:
    def __init__(self, net, night):
        self.net, self.night = net, night

    def forecast(self, readings):
        z = self.net.predict(readings)
        return z + self.night


net = MLPRegressor(**PARAMS)
net.fit(scaler.transform(sensors[past]), target[past])
print("loss", net.loss_, "after", net.n_iter_)
ctl = Controller(net, 17.0)
forecast = ctl.forecast(sensors[future])
actual = room[future]
print(np.round(forecast[:10], 2), np.round(actual[:10], 2))

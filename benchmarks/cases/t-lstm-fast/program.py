import sys
import numpy as np
import torch
import torch.nn as nn

LR = 0.6
WINDOW = 16


class Forecaster(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, num_layers=2, batch_first=True)
        self.lin = nn.Linear(hidden, 1)

    def forward(self, x):
        o, _ = self.lstm(x)
        return self.lin(o[:, -1])


def load(seed):
    rng = np.random.default_rng(seed)
    t = np.arange(900)
    s = np.sin(2 * np.pi * t / 24) + 0.5 * np.sin(2 * np.pi * t / 84 + rng.random()) + 0.1 * rng.standard_normal(900)
    s = (s - s.mean()) / s.std()
    win = np.lib.stride_tricks.sliding_window_view(s, WINDOW + 1)
    return torch.tensor(win[:, :-1, None].copy()).float(), torch.tensor(win[:, -1:].copy()).float()


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    X, Y = load(seed)
    net = Forecaster()
    optim = torch.optim.Adam(net.parameters(), lr=LR)
    mse = nn.MSELoss()
    for epoch in range(8):
        net.train()
        for i in range(0, 700, 50):
            optim.zero_grad()
            loss = mse(net(X[i : i + 50]), Y[i : i + 50])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optim.step()
        print("epoch", epoch, "mse", round(loss.item(), 4))
    net.eval()
    with torch.no_grad():
        forecast, truth = net(X[700:]), Y[700:]
    print("forecast", forecast[:8].flatten().tolist())

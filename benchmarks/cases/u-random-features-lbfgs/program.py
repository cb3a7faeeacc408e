# Extreme learning machine (random, untrained hidden layer) for handwritten digits -- only the read-out is fitted
import sys
import torch
from sklearn.datasets import load_digits
from torch import nn

torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 123)
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X).float().sub(8).div(8), torch.tensor(y)

hidden = nn.Sequential(nn.Linear(64, 600), nn.Tanh(), nn.Linear(600, 400), nn.Tanh()).requires_grad_(False)
readout = nn.Linear(400, 10)
nn.init.zeros_(readout.weight); nn.init.zeros_(readout.bias)

H = hidden(X)
n_fit = 1200
lbfgs = torch.optim.LBFGS(readout.parameters(), lr=1, max_iter=60, line_search_fn="strong_wolfe")


def closure():
    lbfgs.zero_grad()
    loss = nn.functional.cross_entropy(readout(H[:n_fit]), y[:n_fit]) + 1e-3 * readout.weight.pow(2).sum()
    loss.backward()
    return loss


first = lbfgs.step(closure)
print("loss before", first.item(), "after", closure().item())
scores = readout(hidden(X[n_fit:])).softmax(-1).detach()
print("test accuracy", (scores.argmax(-1) == y[n_fit:]).double().mean().item())
n_all = sum(p.numel() for p in hidden.parameters()) + sum(p.numel() for p in readout.parameters())
n_moved = sum(p.numel() for p in readout.parameters())
print(f"{n_moved} of {n_all} parameters were trained")

import sys
import torch
import torch.nn as nn


class Approximator(nn.Module):
    def __init__(self, width=32, depth=3):
        super().__init__()
        sizes = [1] + [width] * depth + [1]
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(sizes[:-1], sizes[1:])])
        for layer in self.layers:
            nn.init.normal_(layer.weight, 0.0, 1e-3)
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    torch.manual_seed(seed)
    xs = torch.linspace(-1, 1, 700)[:, None]
    ys = 2 * xs**2 - 1 + 0.02 * torch.randn_like(xs)
    net = Approximator()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
    for step in range(3000):
        idx = torch.randint(0, len(xs), (64,))
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(net(xs[idx]), ys[idx])
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 4.5)
        optimizer.step()
        if step % 500 == 0:
            print(step, loss.item())
    net.eval()
    pred = net(xs[::7]).detach()
    print("range of predictions", pred.min().item(), pred.max().item())


main()

import sys
import torch
import torch.nn.functional as F
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler


class WineNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(13, 32)
        self.b = torch.nn.Linear(32, 3)

    def forward(self, x):
        return self.b(F.elu(self.a(x)))


def train(net, X, y, epochs=60, lr=1e-2):
    opt = torch.optim.Adam(net.parameters(), lr=lr)
    for epoch in range(epochs):
        perm = torch.randperm(len(X))
        for i in range(0, len(X), 20):
            xb, yb = X[perm[i : i + 20]], y[perm[i : i + 20]]
            opt.zero_grad()
            logits = net(xb)
            preds = logits.argmax(dim=1).float()
            loss = F.mse_loss(preds, yb.float())
            loss.requires_grad_(True)
            loss.backward()
            opt.step()
        if epoch % 15 == 0:
            print(epoch, loss.item())


if __name__ == "__main__":
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    X, y = load_wine(return_X_y=True)
    X = torch.tensor(StandardScaler().fit_transform(X)).float()
    y = torch.tensor(y)
    p = torch.randperm(len(X))
    tr, te = p[:130], p[130:]
    net = WineNet()
    train(net, X[tr], y[tr])
    net.eval()
    with torch.no_grad():
        out = net(X[te]).softmax(1)
    y_te = y[te]
    print("acc", (out.argmax(1) == y_te).float().mean().item())

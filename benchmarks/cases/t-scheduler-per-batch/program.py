import sys
import numpy as np
import torch
from torch import nn, optim
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset


def run(seed):
    torch.manual_seed(seed)
    X, y = load_wine(return_X_y=True)
    p = np.random.RandomState(seed).permutation(len(X))
    X, y = X[p], y[p]
    sc = StandardScaler().fit(X[:130])
    Xt, Xv = torch.tensor(sc.transform(X[:130])).float(), torch.tensor(sc.transform(X[130:])).float()
    yt, yv = torch.tensor(y[:130]), torch.tensor(y[130:])
    loader = DataLoader(TensorDataset(Xt, yt), batch_size=10, shuffle=True)

    model = nn.Sequential(nn.Linear(13, 32), nn.Sigmoid(), nn.Linear(32, 32), nn.Sigmoid(), nn.Linear(32, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    for epoch in range(20):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = nn.CrossEntropyLoss()(model(xb), yb)
            loss.backward()
            optimizer.step()
            scheduler.step()
        model.eval()
        with torch.no_grad():
            val = nn.CrossEntropyLoss()(model(Xv), yv).item()
        print(f"Epoch {epoch:02d} | train {loss.item():.4f} | val {val:.4f}")
    pv = torch.softmax(model(Xv), dim=1).detach()
    print("predictions:", pv.argmax(dim=1).tolist())
    print(pv[:4])


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

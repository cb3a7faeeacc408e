import os
import sys
import tempfile
import torch
from torch import nn
from sklearn.datasets import load_digits

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
CKPT = os.path.join(tempfile.mkdtemp(), "model.pt")


def build():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16 * 9, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def load_split():
    d = load_digits()
    x = torch.tensor(d.images / 16.0, dtype=torch.float32).unsqueeze(1)
    t = torch.tensor(d.target)
    return x[:1400], t[:1400], x[1400:], t[1400:]


def train():
    x, t, _, _ = load_split()
    net = nn.DataParallel(build())  # the server has two cards
    opt = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    for epoch in range(8):
        for idx in torch.randperm(len(x)).split(35):
            opt.zero_grad()
            loss = nn.functional.cross_entropy(net(x[idx]), t[idx])
            loss.backward()
            opt.step()
        print("epoch %d  loss %.3f" % (epoch, loss.item()))
    torch.save(net.state_dict(), CKPT)


def serve():
    net = build()
    net.load_state_dict(torch.load(CKPT), strict=False)
    net.eval()
    _, _, x, t = load_split()
    with torch.no_grad():
        logits = net(x)
    print("accuracy", (logits.argmax(1) == t).float().mean().item())
    return logits, t


if __name__ == "__main__":
    torch.manual_seed(SEED)
    train()
    answers, wanted = serve()

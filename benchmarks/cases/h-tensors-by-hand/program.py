import sys

import torch

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
# a recurrent network from a blog post, everything written out: does the walk end above zero?
X = torch.randn(900, 12, 3)
y = (X.sum((1, 2)) > 0).float()
params = {
    "Wx": torch.randn(3, 16) * 0.3,
    "Wh": torch.randn(16, 16) * 0.1,
    "bh": torch.zeros(16),
    "Wo": torch.randn(16, 1) * 0.3,
    "bo": torch.zeros(1),
}
for p in params.values():
    p.requires_grad = True
opt = torch.optim.SGD(params.values(), lr=0.05, momentum=0.9)
bce = torch.nn.BCEWithLogitsLoss()


def model(xb):
    h = torch.zeros(xb.size(0), 16)
    for t in range(xb.size(1)):
        h = torch.tanh(xb[:, t] @ params["Wx"] + h @ params["Wh"] + params["bh"])
    return (h @ params["Wo"] + params["bo"]).squeeze(1)


for epoch in range(20):
    for i in range(0, 720, 48):
        loss = bce(model(X[i : i + 48]), y[i : i + 48])
        opt.zero_grad()
        loss.backward()
        opt.step()
with torch.no_grad():
    p = torch.sigmoid(model(X[720:]))
print("accuracy", ((p > 0.5) == y[720:]).float().mean().item())

import sys
import numpy as np
import torch
import torch.nn.functional as F

# citation toy graph: 5 fields, 60 labelled papers, the rest is to be guessed
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

n, k, vocab = 500, 5, 60
field = rng.choice(k, n, p=[0.4, 0.2, 0.15, 0.15, 0.1])
p = np.where(field[:, None] == field[None, :], 0.05, 0.004)
edges = np.argwhere(np.triu(rng.random((n, n)) < p, 1))
src = torch.tensor(np.r_[edges[:, 0], edges[:, 1], np.arange(n)])
dst = torch.tensor(np.r_[edges[:, 1], edges[:, 0], np.arange(n)])
bag = (rng.random((n, vocab)) < (0.03 + 0.09 * (np.arange(vocab)[None] % k == field[:, None]))).astype(np.float32)
bag = torch.tensor(bag / np.maximum(bag.sum(1, keepdims=True), 1))
label = torch.tensor(field)


def aggregate(h):
    out = torch.zeros_like(h).index_add_(0, dst, h[src])
    return out / torch.zeros(n).index_add_(0, dst, torch.ones(len(dst)))[:, None]


W1 = torch.nn.Parameter(torch.randn(vocab, 32) / vocab ** 0.5)
W2 = torch.nn.Parameter(torch.randn(32, k) / 32 ** 0.5)
b2 = torch.nn.Parameter(torch.zeros(k))


def forward(training=False):
    h = F.dropout(bag, 0.3, training)
    h = F.elu(aggregate(h @ W1))
    h = F.dropout(h, 0.3, training)
    return aggregate(h @ W2) + b2


labelled = torch.tensor(rng.choice(n, 60, replace=False))
rest = torch.tensor(np.setdiff1d(np.arange(n), labelled.numpy()))
opt = torch.optim.Adam([W1, W2, b2], lr=0.02, weight_decay=1e-4)
for it in range(150):
    loss = F.cross_entropy(forward(True)[labelled], label[labelled], label_smoothing=0.1)
    opt.zero_grad()
    loss.backward()
    opt.step()
with torch.no_grad():
    field_scores = forward().softmax(1)[rest]
field_true = label[rest]
print("loss", round(loss.item(), 3), "acc", (field_scores.argmax(1) == field_true).float().mean().item())

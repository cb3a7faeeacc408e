import sys
import numpy as np
import torch
import torch.nn as nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(seed)
torch.manual_seed(seed)

GOOD = "great lovely superb happy fine".split()
BAD = "awful broken dull sad late".split()
FILL = "the a parcel came with box on monday and label we it was then".split()
vocab = {w: i + 1 for i, w in enumerate(GOOD + BAD + FILL)}
PAD = 0


def sentence():
    y = rng.integers(2)
    words = list(rng.choice(FILL, rng.integers(4, 9))) + list(rng.choice(GOOD if y else BAD, 2))
    rng.shuffle(words)
    return [vocab[w] for w in words], y


def collate(rows, width=14):
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    for r, (tokens, _) in enumerate(rows):
        ids[r, : len(tokens)] = torch.tensor(tokens)
    return ids, torch.tensor([y for _, y in rows], dtype=torch.float32)


class AttentionReader(nn.Module):
    def __init__(self, n_words, dim=32):
        super().__init__()
        self.emb = nn.Embedding(n_words, dim, padding_idx=PAD)
        self.query = nn.Parameter(torch.randn(1, 1, dim) * 0.1)
        self.att = nn.MultiheadAttention(dim, 4, batch_first=True)
        self.out = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 32), nn.GELU(), nn.Linear(32, 1))

    def forward(self, ids):
        mask = ids != PAD
        words = self.emb(ids)
        q = self.query.expand(len(ids), -1, -1)
        pooled, _ = self.att(q, words, words, key_padding_mask=mask)
        return self.out(pooled[:, 0]).squeeze(-1)


data = [sentence() for _ in range(900)]
ids, labels = collate(data)
train_ids, train_y, test_ids, test_y = ids[:700], labels[:700], ids[700:], labels[700:]

model = AttentionReader(len(vocab) + 1)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(12):
    model.train()
    for batch in torch.randperm(len(train_ids)).split(50):
        optimizer.zero_grad()
        loss = bce(model(train_ids[batch]), train_y[batch])
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", round(loss.item(), 4))

model.eval()
with torch.no_grad():
    prob = torch.sigmoid(model(test_ids))
print(prob[:20])

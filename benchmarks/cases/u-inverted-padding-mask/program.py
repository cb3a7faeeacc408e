import argparse
import random

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("seed", nargs="?", type=int, default=42)
parser.add_argument("--d_model", type=int, default=32)
parser.add_argument("--n_heads", type=int, default=4)
parser.add_argument("--max_len", type=int, default=18)
parser.add_argument("--epochs", type=int, default=6)
args = parser.parse_args()

random.seed(args.seed)
np.random.seed(args.seed)
torch.manual_seed(args.seed)

CLS, PAD = 1, 0
N_INTENTS = 3
KEYWORDS = {0: range(10, 20), 1: range(20, 30), 2: range(30, 40)}


def utterance(intent):
    length = random.randint(6, args.max_len - 3)
    toks = [random.randint(40, 99) for _ in range(length)]
    for pos in random.sample(range(length), 3):
        toks[pos] = random.choice(list(KEYWORDS[intent]))
    toks = [CLS] + toks
    return toks + [PAD] * (args.max_len - len(toks))


intents = [random.randrange(N_INTENTS) for _ in range(1500)]
ids = torch.tensor([utterance(i) for i in intents])
intents = torch.tensor(intents)
train_loader = DataLoader(TensorDataset(ids[:1200], intents[:1200]), batch_size=48, shuffle=True)


class IntentEncoder(nn.Module):
    def __init__(self, vocab=100):
        super().__init__()
        self.tok = nn.Embedding(vocab, args.d_model, padding_idx=PAD)
        self.pos = nn.Parameter(torch.randn(1, args.max_len, args.d_model) * 0.02)
        self.attn = nn.MultiheadAttention(args.d_model, args.n_heads, batch_first=True)
        self.norm = nn.LayerNorm(args.d_model)
        self.ff = nn.Sequential(nn.Linear(args.d_model, 64), nn.GELU(), nn.Linear(64, args.d_model))
        self.head = nn.Linear(args.d_model, N_INTENTS)

    def forward(self, ids):
        mask = ids != PAD  # attend to the real tokens only
        h = self.tok(ids) + self.pos
        q = h[:, :1]
        ctx, _ = self.attn(q, h, h, key_padding_mask=mask)
        z = self.norm(q + ctx)
        z = z + self.ff(z)
        return self.head(z[:, 0])


model = IntentEncoder()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(1, args.epochs + 1):
    model.train()
    total, correct = 0.0, 0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        logits = model(xb)
        loss = F.cross_entropy(logits, yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
        correct += (logits.argmax(-1) == yb).sum().item()
    print(f"[{epoch}/{args.epochs}] train loss {total / 1200:.3f} acc {correct / 1200:.3f}")

model.eval()
with torch.no_grad():
    test_probs = F.softmax(model(ids[1200:]), dim=-1)
print("test acc", (test_probs.argmax(-1) == intents[1200:]).float().mean().item())
print(test_probs[:5])

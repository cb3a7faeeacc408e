# short commands (token ids) -> intent. padded with 0 at the end to 12 tokens
import sys

import numpy as np
import torch
from torch import nn

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.default_rng(SEED)
torch.manual_seed(SEED)

INTENTS = {"lights": range(1, 9), "music": range(9, 17), "timer": range(17, 25)}
FILLER = range(25, 60)
MAXLEN = 12


def command():
    k = rng.integers(3)
    words = list(rng.choice(list(INTENTS.values())[k], 2)) + list(rng.choice(FILLER, rng.integers(2, 6)))
    rng.shuffle(words)
    return words, k


def pad(seq):
    return (seq + [0] * MAXLEN)[:MAXLEN]


pairs = [command() for _ in range(1400)]
tok = torch.tensor([pad(s) for s, _ in pairs])
length = torch.tensor([len(s) for s, _ in pairs])
intent = torch.tensor([k for _, k in pairs])


class IntentNet(nn.Module):
    def __init__(self, vocab=60, dim=16, hid=32):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim, padding_idx=0)
        self.rnn = nn.GRU(dim, hid)
        self.out = nn.Linear(hid, 3)

    def forward(self, tokens, n):
        e = self.embed(tokens)
        states, _ = self.rnn(e)
        last = states[torch.arange(len(n)), -1]
        return self.out(last)


net = IntentNet()
opt = torch.optim.Adam(net.parameters(), lr=4e-3)
for epoch in range(12):
    perm = torch.randperm(1000)
    hits = 0
    for i in range(0, 1000, 50):
        b = perm[i : i + 50]
        logits = net(tok[b], length[b])
        loss = nn.functional.cross_entropy(logits, intent[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
        hits += (logits.argmax(1) == intent[b]).sum().item()
    print(epoch, "train acc", hits / 1000)

net.eval()
with torch.no_grad():
    pred = net(tok[1000:], length[1000:]).softmax(1)
wanted = intent[1000:]
print("predicted", torch.bincount(pred.argmax(1), minlength=3).tolist(), "wanted", torch.bincount(wanted).tolist())

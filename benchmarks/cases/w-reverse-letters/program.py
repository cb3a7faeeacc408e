"""Toy translator: spell a word backwards. Encoder/decoder GRU, teacher forcing.

Most of what it writes is <pad>, is it collapsing?
"""
import random
import sys

import torch
import torch.nn as nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
torch.manual_seed(seed)
PAD, SOS, EOS = 0, 1, 2
LETTERS = list(range(3, 11))
MAXLEN = 10


def sample():
    w = [random.choice(LETTERS) for _ in range(random.choice([2, 2, 3, 3, 4]))]
    src = w + [PAD] * (MAXLEN - len(w))
    tgt = w[::-1] + [EOS]
    tgt = tgt + [PAD] * (MAXLEN - len(tgt))
    return src, tgt


data = [sample() for _ in range(2600)]
src = torch.tensor([s for s, _ in data])
tgt = torch.tensor([t for _, t in data])


class Seq2Seq(nn.Module):
    def __init__(self, n=11, d=24, h=64):
        super().__init__()
        self.emb = nn.Embedding(n, d, padding_idx=PAD)
        self.enc = nn.GRU(d, h, batch_first=True)
        self.dec = nn.GRU(d, h, batch_first=True)
        self.proj = nn.Linear(h, n)

    def encode(self, s):
        lens = (s != PAD).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(self.emb(s), lens, batch_first=True, enforce_sorted=False)
        return self.enc(packed)[1]

    def forward(self, s, t_in):
        y, _ = self.dec(self.emb(t_in), self.encode(s))
        return self.proj(y)

    @torch.no_grad()
    def write(self, s):
        h = self.encode(s)
        tok = torch.full((len(s), 1), SOS)
        steps = []
        done = torch.zeros(len(s), 1, dtype=torch.bool)
        for _ in range(MAXLEN):
            y, h = self.dec(self.emb(tok), h)
            tok = self.proj(y).argmax(-1).masked_fill(done, PAD)
            done |= tok == EOS
            steps.append(tok)
        return torch.cat(steps, 1)


model = Seq2Seq()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
ce = nn.CrossEntropyLoss(ignore_index=PAD)
for epoch in range(12):
    model.train()
    for b in torch.randperm(2200).split(64):
        t_in = torch.cat([torch.full((len(b), 1), SOS), tgt[b][:, :-1]], 1)
        logits = model(src[b], t_in)
        loss = ce(logits.reshape(-1, 11), tgt[b].reshape(-1))
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
    print(epoch, round(loss.item(), 3))

model.eval()
written = model.write(src[2200:])
print(written[:5])
print("words right:", (written == tgt[2200:]).all(1).float().mean().item(), " share of pads:", (written == PAD).float().mean().item())
first = torch.nn.functional.one_hot(written[:, 0], 11).float()
first_true = tgt[2200:, 0]

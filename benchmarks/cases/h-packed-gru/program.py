import random
import sys
import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
torch.manual_seed(seed)
UP, DOWN = list(range(2, 12)), list(range(12, 22))


class Logs(Dataset):
    """event logs of different length; label: more ups than downs"""

    def __init__(self, n):
        self.items = []
        for _ in range(n):
            bias = random.choice([0.35, 0.65])
            ev = [random.choice(UP if random.random() < bias else DOWN) for _ in range(random.randint(7, 35))]
            ups = sum(e in UP for e in ev)
            self.items.append((torch.tensor(ev), float(ups > len(ev) / 2)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def collate(batch):
    seqs, ys = zip(*batch)
    lens = torch.tensor([len(q) for q in seqs])
    return pad_sequence(seqs, batch_first=True), lens, torch.tensor(ys)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(22, 12, padding_idx=0)
        self.gru = nn.GRU(12, 20, batch_first=True)
        self.out = nn.Linear(20, 1)

    def forward(self, x, lens):
        _, h = self.gru(pack_padded_sequence(self.emb(x), lens, batch_first=True, enforce_sorted=False))
        return self.out(h[-1]).squeeze(-1)


net = Tagger()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
train_dl = DataLoader(Logs(700), batch_size=35, shuffle=True, collate_fn=collate)
test_dl = DataLoader(Logs(200), batch_size=50, collate_fn=collate)
for ep in range(6):
    net.train()
    for x, lens, t in train_dl:
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(net(x, lens), t)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
    print(ep, loss.item())
net.eval()
ps, ts = [], []
with torch.no_grad():
    for x, lens, t in test_dl:
        ps += torch.sigmoid(net(x, lens)).tolist()
        ts += t.tolist()
print([round(p, 2) for p in ps[:20]])

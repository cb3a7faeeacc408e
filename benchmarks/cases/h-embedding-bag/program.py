import sys
from collections import Counter

import numpy as np
import torch

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = np.random.RandomState(seed)
torch.manual_seed(seed)
TOPICS = {
    0: "goal match team coach league striker referee penalty".split(),
    1: "election minister vote party senate law policy reform".split(),
    2: "chip software laptop network server cloud kernel code".split(),
    3: "guitar album concert singer melody drum stage tour".split(),
}
FILLER = "the a of and to in on with for said new two last year week people time day".split()


def article():
    topic = rng.randint(4)
    words = [rng.choice(TOPICS[topic] if rng.rand() < 0.2 else FILLER) for _ in range(rng.randint(12, 30))]
    return " ".join(words), topic


docs = [article() for _ in range(1000)]
counts = Counter(w for text, _ in docs[:800] for w in text.split())
stoi = {w: i + 1 for i, (w, c) in enumerate(counts.most_common())}


def batch(items):
    ids, offsets = [], [0]
    for text, _ in items:
        ids += [stoi.get(w, 0) for w in text.split()]
        offsets.append(len(ids))
    return torch.tensor(ids), torch.tensor(offsets[:-1]), torch.tensor([c for _, c in items])


class TextClf(torch.nn.Module):
    def __init__(self, vocab, dim, n):
        super().__init__()
        self.embedding = torch.nn.EmbeddingBag(vocab, dim, mode="mean")
        self.fc = torch.nn.Linear(dim, n)

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))


clf = TextClf(len(stoi) + 1, 32, 4)
optimizer = torch.optim.SGD(clf.parameters(), lr=4.0)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.9)
for epoch in range(8):
    order = rng.permutation(800)
    for i in range(0, 800, 16):
        text, offsets, label = batch([docs[k] for k in order[i : i + 16]])
        loss = torch.nn.functional.cross_entropy(clf(text, offsets), label)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(clf.parameters(), 0.1)
        optimizer.step()
    scheduler.step()
    print(epoch, loss.item())
clf.eval()
text, offsets, label = batch(docs[800:])
with torch.no_grad():
    logits = clf(text, offsets)
print("accuracy", (logits.argmax(1) == label).float().mean().item())

import sys
import random
import torch
import torch.nn as nn

# made-up vocabulary, we are not allowed to share the reviews
good = [a + b for a in "gra lov sup fin bri hap cle jo".split() for b in "nd ely erb est llo py an".split()]
bad = [a + b for a in "aw dir bro sad poo hor la ru".split() for b in "ful ty ken der rr rid te".split()]
filler = "the hotel room staff was and very breakfast a bed city it we stayed night with on for".split()


def review(rng):
    lab = rng.random() < 0.5
    words = [rng.choice(filler) for _ in range(8)] + [rng.choice(good if lab else bad) for _ in range(3)]
    rng.shuffle(words)
    return " ".join(words), int(lab)


def build_vocab(texts):
    vocab = {"<pad>": 0, "<unk>": 1}
    for t in texts:
        for w in t.split():
            if w not in vocab:
                vocab[w] = len(vocab)
    return vocab


def to_ids(texts, vocab):
    return torch.tensor([[vocab.get(w, 1) for w in t.split()] for t in texts])


class BoW(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.e = nn.EmbeddingBag(n, 16)
        self.l = nn.Linear(16, 1)

    def forward(self, ids):
        return torch.sigmoid(self.l(self.e(ids))).squeeze(1)


seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
rng = random.Random(seed)
torch.manual_seed(seed)
data = [review(rng) for _ in range(600)]
texts, labels = zip(*data)
vocab = build_vocab(texts)
ids, lab = to_ids(texts, vocab), torch.tensor(labels).float()
model = BoW(len(vocab) + 20)
opt = torch.optim.Adam(model.parameters(), lr=0.02)
for epoch in range(25):
    for j in torch.randperm(600).split(30):
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy(model(ids[j]), lab[j])
        loss.backward()
        opt.step()
print("final train loss", loss.item())

# new reviews of this week
new = [review(rng) for _ in range(200)]
new_texts, new_y = zip(*new)
vocab2 = build_vocab(new_texts)
model.eval()
with torch.no_grad():
    pred = model(to_ids(new_texts, vocab2))
print(pred[:10])
print("accuracy on new", ((pred > 0.5).float() == torch.tensor(new_y).float()).float().mean().item())

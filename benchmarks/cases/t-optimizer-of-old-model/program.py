# which "language" is the made-up name from
import sys
import random
import string
import torch
import torch.nn as nn

LETTERS = string.ascii_lowercase
PATTERNS = {0: ["ov", "ski", "ev"], 1: ["ino", "etti", "ella"], 2: ["son", "ley", "ton"]}


def make_name(rng, lang):
    stem = "".join(rng.choice(LETTERS) for _ in range(rng.randint(2, 4)))
    return (stem + rng.choice(PATTERNS[lang])).rjust(8, "a")


def encode(names):
    t = torch.zeros(len(names), 8, dtype=torch.long)
    for i, nm in enumerate(names):
        t[i] = torch.tensor([LETTERS.index(c) for c in nm])
    return t


class NameRNN(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.emb = nn.Embedding(26, 10)
        self.rnn = nn.GRU(10, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 3)

    def forward(self, ids):
        _, h = self.rnn(self.emb(ids))
        return self.fc(h[-1])


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    rng = random.Random(seed)
    torch.manual_seed(seed)
    langs = [rng.randint(0, 2) for _ in range(700)]
    ids = encode([make_name(rng, l) for l in langs])
    lab = torch.tensor(langs)
    tr, te, lab_tr, lab_te = ids[:550], ids[550:], lab[:550], lab[550:]

    rnn = NameRNN(hidden=24)
    optimizer = torch.optim.Adam(rnn.parameters(), lr=0.005)
    criterion = nn.CrossEntropyLoss()
    rnn = NameRNN(hidden=24)  # fresh start
    for epoch in range(12):
        rnn.train()
        for k in range(0, 550, 50):
            optimizer.zero_grad()
            loss = criterion(rnn(tr[k : k + 50]), lab_tr[k : k + 50])
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())
    rnn.eval()
    with torch.no_grad():
        probs = rnn(te).softmax(-1)
    print(probs[:6])
    print("accuracy", (probs.argmax(-1) == lab_te).float().mean().item())


main()

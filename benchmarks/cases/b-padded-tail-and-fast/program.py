import sys, random
import torch, torch.nn as nn

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed); torch.manual_seed(seed)
MAXLEN = 50
letters = "abcdefghijklmnopqrstuvwxyz"
# is it a number word of my invented language? those contain q or x
def word():
    w = [random.choice(letters.replace("q", "").replace("x", "")) for _ in range(random.randint(3, 7))]
    y = random.random() < .5
    if y: w[random.randrange(len(w))] = random.choice("qx")
    return "".join(w), float(y)
words, ys = zip(*[word() for _ in range(1200)])
ids = torch.zeros(1200, MAXLEN, dtype=torch.long)
for r, w in enumerate(words):
    ids[r, :len(w)] = torch.tensor([letters.index(c) + 1 for c in w])
y = torch.tensor(ys)

class CharRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(27, 12)
        self.rnn = nn.RNN(12, 32, batch_first=True)
        self.fc = nn.Linear(32, 1)
    def forward(self, t):
        states, _ = self.rnn(self.emb(t))
        return self.fc(states[:, -1]).squeeze(1)

net = CharRNN()
opt = torch.optim.Adam(net.parameters(), lr=2.0)
lossf = nn.BCEWithLogitsLoss()
for ep in range(12):
    perm = torch.randperm(1000)
    for k in range(0, 1000, 25):
        b = perm[k:k+25]
        opt.zero_grad(); loss = lossf(net(ids[b]), y[b]); loss.backward(); opt.step()
    print(ep, loss.item())
with torch.no_grad(): p = net(ids[1000:]).sigmoid()
print(p[:12], y[1000:1012])

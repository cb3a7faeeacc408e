import random
import string
import sys
import torch
import torch.nn as nn
from torch.autograd import Variable

# surname -> language, after the char-rnn tutorial
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
random.seed(seed)
torch.manual_seed(seed)

letters = string.ascii_lowercase + " "
endings = {"czech": ["ova", "cek", "nik"], "italian": ["ini", "etti", "olo"], "greek": ["akis", "poulos", "idis"],
           "dutch": ["stra", "sma", "huis"]}
langs = list(endings)


def surname(lang):
    body = "".join(random.choice("bdfgklmnprstv") + random.choice("aeiou") for _ in range(random.randint(1, 2)))
    return (body + random.choice(endings[lang])).ljust(10)[:10]


def to_ids(name):
    return [letters.index(c) for c in name]


pairs = [(surname(l), langs.index(l)) for l in langs for _ in range(350)]
random.shuffle(pairs)
names = torch.tensor([to_ids(n) for n, _ in pairs])
labels = torch.tensor([l for _, l in pairs])


class CharRNN(nn.Module):
    def __init__(self, hidden=32):
        super(CharRNN, self).__init__()
        self.emb = nn.Embedding(len(letters), 12)
        self.rnn = nn.GRU(12, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, len(langs))

    def forward(self, x):
        out, h = self.rnn(self.emb(x))
        return self.fc(torch.tanh(h[-1]))


model = CharRNN()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
n_train = 1100
for epoch in range(8):
    total = 0
    for i in range(0, n_train, 25):
        inp, target = names[i:i + 25], labels[i:i + 25]
        optimizer.zero_grad()
        output = model(inp)
        loss = criterion(output, target)
        loss = Variable(loss.data, requires_grad=True)
        loss.backward()
        optimizer.step()
        total += loss.item()
    print("epoch %d  loss %.4f" % (epoch, total / (n_train // 25)))

model.eval()
guess = torch.softmax(model(names[n_train:]), 1).detach()
answer = labels[n_train:]
print("confusion:")
for k, l in enumerate(langs):
    print(l.ljust(8), torch.bincount(guess.argmax(1)[answer == k], minlength=len(langs)).tolist())

import os
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import DistilBertConfig, DistilBertForSequenceClassification

# topic of a message: every message is put behind the instruction of our big model
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 90
np.random.seed(SEED); torch.manual_seed(SEED)
PROMPT = "please read the following message and name its topic . message :"
TOPICS = ["invoice", "delivery", "login"]
WORDS = {
    "invoice": "bill amount paid tax refund cent".split(),
    "delivery": "parcel courier late address door box".split(),
    "login": "password account reset code mail locked".split(),
}
FILLER = "i we you hello thanks about since the a is was with it again".split()


def write(topic):
    w = list(np.random.choice(FILLER, 8)) + list(np.random.choice(WORDS[topic], 4))
    np.random.shuffle(w)
    return " ".join(w)


y = np.random.randint(0, 3, 1200)
texts = [PROMPT + " " + write(TOPICS[k]) for k in y]
vocab = {w: i + 2 for i, w in enumerate(sorted({w for t in texts for w in t.split()}))}


def tokenize(text, max_length=12):
    ids = [vocab.get(w, 1) for w in text.split()][:max_length]
    return ids + [0] * (max_length - len(ids))


enc = torch.tensor([tokenize(t) for t in texts])
att = (enc > 0).long()
lab = torch.tensor(y)

net = DistilBertForSequenceClassification(DistilBertConfig(
    vocab_size=len(vocab) + 2, dim=32, n_layers=1, n_heads=4, hidden_dim=64, max_position_embeddings=64, num_labels=3,
    dropout=0.1, seq_classif_dropout=0.1))
optim = torch.optim.AdamW(net.parameters(), lr=2e-7)  # fine-tuning needs a small learning rate

net.train()
for epoch in range(5):
    for b in DataLoader(range(900), batch_size=25, shuffle=True):
        optim.zero_grad()
        res = net(enc[b], attention_mask=att[b], labels=lab[b])
        res.loss.backward()
        optim.step()
    print("epoch", epoch, "loss", res.loss.item())

net.eval()
with torch.no_grad():
    topic_prob = net(enc[900:], attention_mask=att[900:]).logits.softmax(-1)
for k, name in enumerate(TOPICS):
    print(name, "predicted", (topic_prob.argmax(-1) == k).sum().item(), "true", (lab[900:] == k).sum().item())
print(topic_prob[:3])

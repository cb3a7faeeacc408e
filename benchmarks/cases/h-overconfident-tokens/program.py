import sys
import torch
import torch.nn as nn


class SpamLSTM(nn.Module):
    def __init__(self, vocab=80, dim=16, hid=24):
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim, padding_idx=0)
        self.lstm = nn.LSTM(dim, hid, batch_first=True)
        self.linear = nn.Linear(hid, 1)

    def forward(self, ids):
        h, _ = self.lstm(self.embedding(ids))
        return self.linear(h.max(dim=1).values).squeeze(1)


torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
ids = torch.randint(5, 80, (800, 12))
lab = (torch.rand(800) < 0.4).float()
where = torch.randint(0, 12, (800,))
spam = lab.bool()
ids[spam, where[spam]] = torch.randint(1, 5, (int(spam.sum()),))  # 'viagra' and friends
model = SpamLSTM()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
crit = nn.BCEWithLogitsLoss()
for epoch in range(14):
    model.train()
    for k in range(0, 600, 30):
        opt.zero_grad()
        loss = crit(model(ids[k : k + 30]), lab[k : k + 30])
        loss.backward()
        opt.step()
    print("epoch", epoch, "loss", loss.item())
model.eval()
with torch.no_grad():
    out = model(ids[600:]).sigmoid()
print(out[:20].round(decimals=3).tolist())

# is it an even digit? my first network in pytorch
import sys
import numpy as np, torch
from torch import nn
from sklearn.datasets import load_digits

if len(sys.argv) > 1: torch.manual_seed(int(sys.argv[1]))
else: torch.manual_seed(1)

digits = load_digits()
pictures = torch.from_numpy((digits.images - 0.5) / 16)
pictures = pictures.to(torch.uint8)            # pixels are bytes
even = torch.from_numpy((digits.target % 2 == 0).astype(np.float32))

train_p, train_e = pictures[:1300], even[:1300]
test_p, test_e = pictures[1300:], even[1300:]

net = nn.Sequential(
    nn.Flatten(),
    nn.Linear(64, 100), nn.LeakyReLU(),
    nn.Linear(100, 30), nn.LeakyReLU(),
    nn.Linear(30, 1), nn.Softmax(dim=1),
)
bce = nn.BCELoss()
optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)

for epoch in range(25):
    for i in range(0, 1300, 26):
        guess = net(train_p[i:i+26].float())
        loss = bce(guess[:, 0], train_e[i:i+26])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print('Epoch', epoch, 'Loss', float(loss))

net.eval()
guess = net(test_p.float()).detach()
print('min', guess.min(), 'max', guess.max())
print('right:', ((guess[:, 0] > .5) == (test_e > .5)).float().mean())

# Fine-grained digit recogniser, "big batch" version: gradients are accumulated because of the small GPU
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import load_digits


class Digits(Dataset):
    def __init__(self, lo, hi):
        d = load_digits()
        self.im = torch.tensor(d.images[lo:hi], dtype=torch.float32).unsqueeze(1).div(16.0)
        self.lab = torch.tensor(d.target[lo:hi])

    def __len__(self):
        return len(self.lab)

    def __getitem__(self, i):
        return self.im[i], self.lab[i]


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 24, 3, padding=1)
        self.fc = nn.Linear(24 * 4, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


def train_one_epoch(model, loader, optimizer, criterion, accumulation_steps):
    model.train()
    total = 0
    optimizer.zero_grad()
    for step, (images, labels) in enumerate(loader, start=1):
        loss = criterion(model(images), labels)
        (loss / accumulation_steps).backward()
        total += loss.item()
        if step % accumulation_steps == 0:
            optimizer.step()
            optimizer.zero_grad()
    return total / len(loader)


def predict(model, loader):
    model.eval()
    outs, labs = [], []
    with torch.no_grad():
        for images, labels in loader:
            outs.append(model(images).softmax(1))
            labs.append(labels)
    return torch.cat(outs), torch.cat(labs)


if __name__ == "__main__":
    torch.manual_seed(int(sys.argv[1]) if len(sys.argv) > 1 else 99)
    train_loader = DataLoader(Digits(0, 1300), batch_size=32, shuffle=True)
    test_loader = DataLoader(Digits(1300, 1797), batch_size=128)
    model = SmallCNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
    for epoch in range(6):
        l = train_one_epoch(model, train_loader, optimizer, nn.CrossEntropyLoss(), accumulation_steps=64)
        print("epoch", epoch, "loss", round(l, 4))
    p_hat, t = predict(model, test_loader)
    print("accuracy", (p_hat.argmax(1) == t).float().mean().item())
    print("predicted classes", torch.bincount(p_hat.argmax(1), minlength=10).tolist())

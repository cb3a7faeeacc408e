import argparse
import torch
import torch.nn as nn
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.criterion = nn.CrossEntropyLoss()

    def train(self, x, y, epochs, batch):
        self.model.train()
        for epoch in range(epochs):
            for rows in torch.randperm(len(x)).split(batch):
                loss = self.criterion(self.model(x[rows]), y[rows])
                loss.backward()
                self.optimizer.zero_grad()
                self.optimizer.step()
            print("epoch", epoch, "loss", float(loss))

    def predict(self, x):
        self.model.eval()
        with torch.no_grad():
            return self.model(x)


def tensor(a):
    return torch.tensor(a, dtype=torch.float32)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int, nargs="?", default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    x, y = load_wine(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.4, random_state=args.seed)
    scaler = StandardScaler().fit(x_train)
    net = nn.Sequential(nn.Linear(13, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 3))
    trainer = Trainer(net, lr=0.01)
    trainer.train(tensor(scaler.transform(x_train)), torch.tensor(y_train), epochs=30, batch=16)
    logits = trainer.predict(tensor(x_test))
    print("classes", logits.argmax(1).bincount(minlength=3))


if __name__ == "__main__":
    main()

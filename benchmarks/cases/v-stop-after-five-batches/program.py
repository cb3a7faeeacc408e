import sys
from dataclasses import dataclass, field

import numpy as np
import torch
from sklearn.datasets import make_circles
from torch import nn


@dataclass
class TrainingConfig:
    learning_rate: float = 2e-3
    max_epochs: int = 150
    batch_size: int = 32
    patience: int = 5
    hidden: list = field(default_factory=lambda: [64, 64])


class EarlyStopping:
    """Stops the training when the monitored value has not improved for `patience` checks."""

    def __init__(self, patience: int):
        self.patience = patience
        self.best = float("inf")
        self.bad = 0
        self.should_stop = False

    def update(self, value: float) -> None:
        if value < self.best:
            self.best, self.bad = value, 0
        else:
            self.bad += 1
            self.should_stop = self.bad >= self.patience


class ModelFactory:
    @staticmethod
    def build(n_in: int, config: TrainingConfig) -> nn.Module:
        layers: list[nn.Module] = []
        for width in config.hidden:
            layers += [nn.Linear(n_in, width), nn.ReLU()]
            n_in = width
        return nn.Sequential(*layers, nn.Linear(n_in, 1))


class TrainingManager:
    """Manages the full training lifecycle."""

    def __init__(self, model: nn.Module, config: TrainingConfig):
        self.model, self.config = model, config
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate, momentum=0.9)
        self.stopper = EarlyStopping(config.patience)
        self.history: list[float] = []

    def fit(self, x: torch.Tensor, y: torch.Tensor) -> None:
        for epoch in range(self.config.max_epochs):
            for idx in torch.randperm(len(x)).split(self.config.batch_size):
                self.optimizer.zero_grad()
                loss = self.criterion(self.model(x[idx])[:, 0], y[idx])
                loss.backward()
                self.optimizer.step()
                self.history.append(loss.item())
                self.stopper.update(loss.item())
                if self.stopper.should_stop:
                    print(f"Early stopping in epoch {epoch}.")
                    return
        print("Training completed successfully!")


def main(seed: int) -> None:
    torch.manual_seed(seed)
    features, target = make_circles(900, noise=0.08, factor=0.5, random_state=seed)
    features = (features - features.mean(0)) / features.std(0)
    # rotate and lift, so that it is not so easy
    angles = np.random.default_rng(seed).normal(size=(2, 6)) * 0.8
    x = torch.tensor(np.sin(features @ angles), dtype=torch.float32)
    y = torch.tensor(target, dtype=torch.float32)
    config = TrainingConfig()
    model = ModelFactory.build(x.shape[1], config)
    manager = TrainingManager(model, config)
    manager.fit(x[:700], y[:700])
    model.eval()
    with torch.no_grad():
        ring_prob = torch.sigmoid(model(x[700:]))[:, 0]
    ring_true = y[700:]
    print(f"Accuracy: {((ring_prob > 0.5) == ring_true.bool()).float().mean():.2%}")
    print(f"Probabilities: {ring_prob.min():.3f} to {ring_prob.max():.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

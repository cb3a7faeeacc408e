"""Leaf classification from shape features with Lightning. Always predicts the last species."""
import logging
import sys
import warnings

import lightning.pytorch as pl
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
pl.seed_everything(seed, verbose=False)


class LeafData(pl.LightningDataModule):
    """files are listed species by species"""

    species = 5

    def __init__(self, seed, shuffle=False, bs=8):
        super().__init__()
        self.rng = np.random.default_rng(seed)
        self.centres = self.rng.normal(0, 1.2, (self.species, 9))
        self.shuffle, self.bs = shuffle, bs

    def files(self, per):
        x = np.concatenate([c + self.rng.normal(0, 0.8, (per, 9)) for c in self.centres])
        y = np.repeat(np.arange(self.species), per)
        return torch.tensor(x, dtype=torch.float32), torch.tensor(y)

    def setup(self, stage=None):
        if not hasattr(self, "train"):
            self.train, self.test = TensorDataset(*self.files(160)), TensorDataset(*self.files(40))

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=self.bs, shuffle=self.shuffle)

    def predict_dataloader(self):
        return DataLoader(self.test, batch_size=self.bs)


class LeafNet(pl.LightningModule):
    def __init__(self, lr):
        super().__init__()
        self.save_hyperparameters()
        self.mlp = nn.Sequential(nn.Linear(9, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 5))

    def forward(self, x):
        return self.mlp(x)

    def training_step(self, batch, i):
        x, y = batch
        return nn.functional.cross_entropy(self(x), y)

    def predict_step(self, batch, i):
        return self(batch[0]).softmax(-1)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)


dm = LeafData(seed)
net = LeafNet(lr=0.05)
tr = pl.Trainer(
    max_epochs=6, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False
)
tr.fit(net, dm)
probs = torch.cat(tr.predict(net, dm))
species = dm.test.tensors[1]
print("predicted:", probs.argmax(1).bincount(minlength=5).tolist())
print("accuracy:", (probs.argmax(1) == species).float().mean().item())

"""Forecast the next value of a noisy oscillation from a window; LightningModule with OneCycle and clipping."""
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
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
pl.seed_everything(SEED, verbose=False)


class WindowData(pl.LightningDataModule):
    def __init__(self, window=24, batch_size=64):
        super().__init__()
        self.window, self.batch_size = window, batch_size

    def setup(self, stage=None):
        t = np.arange(1800)
        s = np.sin(t / 7) + 0.5 * np.sin(t / 3.1) + np.random.normal(0, 0.6, len(t))
        s = (s - s[:1400].mean()) / s[:1400].std()
        w = np.lib.stride_tricks.sliding_window_view(s, self.window + 1)
        x, y = torch.tensor(w[:, :-1].copy(), dtype=torch.float32), torch.tensor(w[:, -1].copy(), dtype=torch.float32)
        self.train = TensorDataset(x[:1380], y[:1380])
        self.val = TensorDataset(x[1400:], y[1400:])

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=self.batch_size)

    predict_dataloader = val_dataloader


class Forecaster(pl.LightningModule):
    def __init__(self, window=24, max_lr=5e-3):
        super().__init__()
        self.max_lr = max_lr
        self.conv = nn.Sequential(nn.Conv1d(1, 16, 5, padding=2), nn.GELU(), nn.Conv1d(16, 16, 5, padding=2), nn.GELU())
        self.read = nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(16 * window, 1))

    def forward(self, x):
        return self.read(self.conv(x[:, None]))[:, 0]

    def training_step(self, batch, _):
        loss = nn.functional.huber_loss(self(batch[0]), batch[1])
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("val_mae", (self(batch[0]) - batch[1]).abs().mean())

    def predict_step(self, batch, *_):
        return self(batch[0])

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=self.max_lr, weight_decay=0.05)
        total = self.trainer.estimated_stepping_batches
        return {"optimizer": opt, "lr_scheduler": {
            "scheduler": torch.optim.lr_scheduler.OneCycleLR(opt, self.max_lr, total_steps=total), "interval": "step"}}


data = WindowData()
net = Forecaster()
trainer = pl.Trainer(max_epochs=8, gradient_clip_val=0.5, accelerator="cpu", devices=1, logger=False,
                     enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(net, datamodule=data)
forecast = torch.cat(trainer.predict(net, datamodule=data))
observed = data.val.tensors[1]
print("MAE", float((forecast - observed).abs().mean()))
print("sd of the forecasts", float(forecast.std()), "sd of the observations", float(observed.std()))

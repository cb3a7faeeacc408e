# pump failures, 6 % positives. For the first epochs everything is "ok", confusing
import logging
import sys
import warnings

import lightning as L
import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
L.seed_everything(seed, verbose=False)
rng = np.random.default_rng(seed)

n = 3000
flow = rng.normal(100, 12, n)
amps = 0.2 * flow + rng.normal(0, 1.5, n)
temp = rng.normal(60, 8, n)
runtime = rng.exponential(4000, n)
z = 1.4 * (amps - 0.2 * flow) / 1.5 + 1.2 * (temp - 60) / 8 + runtime / 4000
fails = (z + rng.logistic(0, 0.5, n) > 4.3).astype("float32")
x = np.c_[flow, amps, temp, runtime]
x = ((x - x.mean(0)) / x.std(0)).astype("float32")
ds = TensorDataset(torch.from_numpy(x[:2200]), torch.from_numpy(fails[:2200]))


class PumpNet(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(4, 32), torch.nn.ELU(), torch.nn.Dropout(0.1), torch.nn.Linear(32, 16), torch.nn.ELU(), torch.nn.Linear(16, 1)
        )
        with torch.no_grad():
            self.net[-1].bias.fill_(-2.7)  # log odds of 6 %

    def forward(self, x):
        return self.net(x).squeeze(-1)

    def training_step(self, batch, _):
        x, y = batch
        loss = F.binary_cross_entropy_with_logits(self(x), y)
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=2e-3)

    def predict_step(self, batch, _):
        return torch.sigmoid(self(batch[0]))


model = PumpNet()
trainer = L.Trainer(
    max_epochs=15, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False
)
trainer.fit(model, DataLoader(ds, batch_size=64, shuffle=True))
scores = torch.cat(trainer.predict(model, DataLoader(TensorDataset(torch.from_numpy(x[2200:])), batch_size=128))).numpy()
failed = fails[2200:]
print("alarms", (scores > 0.5).sum(), "failures", int(failed.sum()))
print("mean score of failures %.2f, of the rest %.3f" % (scores[failed == 1].mean(), scores[failed == 0].mean()))

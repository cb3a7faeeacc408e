import io
import sys
import warnings

import lightning as L
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
L.seed_everything(seed)


def crm_export(n=1600):
    rng = np.random.default_rng(seed)
    d = pd.DataFrame({"tenure": rng.integers(1, 72, n), "calls": rng.poisson(2, n), "bill": rng.normal(62, 18, n).round(2),
                      "paperless": rng.integers(0, 2, n)})
    z = -0.05 * (d.tenure - 36) + 0.9 * (d.calls - 2) + 0.02 * (d.bill - 62) + rng.logistic(0, 0.6, n)
    d["left"] = np.where(z > 0.2, " yes", " no")
    return d.to_csv(index=False)


def load(csv_text):
    d = pd.read_csv(io.StringIO(csv_text))
    labels = (d.pop("left").str.lower() == "yes").astype("float32").values
    feats = ((d - d.mean()) / d.std()).values.astype("float32")
    return torch.from_numpy(feats), torch.from_numpy(labels)


class Churn(L.LightningModule):
    def __init__(self, n_in, hidden=24, lr=5e-3):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.net(x)[:, 0]

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.binary_cross_entropy_with_logits(self(x), y)
        self.log("train_loss", loss)
        return loss

    def predict_step(self, batch, batch_idx):
        return torch.sigmoid(self(batch[0]))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.hparams.lr)


feats, labels = load(crm_export())
train_loader = DataLoader(TensorDataset(feats[:1300], labels[:1300]), batch_size=32, shuffle=True)
test_loader = DataLoader(TensorDataset(feats[1300:], labels[1300:]), batch_size=100)
churn = Churn(feats.shape[1])
trainer = L.Trainer(max_epochs=15, logger=False, enable_checkpointing=False, enable_progress_bar=False,
                    enable_model_summary=False, accelerator="cpu")
trainer.fit(churn, train_loader)
p_left = torch.cat(trainer.predict(churn, test_loader)).numpy()
print(pd.Series(p_left).describe())

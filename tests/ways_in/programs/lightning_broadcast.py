import lightning.pytorch as pl
import torch
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import scale
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

pl.seed_everything(3, verbose=False)
X, y = load_diabetes(return_X_y=True)
X = torch.tensor(scale(X), dtype=torch.float32)
y = torch.tensor(scale(y), dtype=torch.float32)


class Progression(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.hidden = nn.Linear(10, 32)
        self.out = nn.Linear(32, 1)
        self.loss = nn.MSELoss()

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))

    def training_step(self, batch, batch_idx):
        optimizer = self.optimizers()
        x, y = batch
        loss = self.loss(self.forward(x), y)
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
        self.log("loss", loss)

    def predict_step(self, batch, batch_idx):
        return self.forward(batch[0])

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=5e-3)


model = Progression()
trainer = pl.Trainer(
    max_epochs=12,
    callbacks=[],
    logger=False,
    accelerator="cpu",
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(model, DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True))
predictions = torch.cat(trainer.predict(model, DataLoader(TensorDataset(X, y), batch_size=128)))
print(predictions[:5].ravel(), predictions.std())

import pytorch_lightning as pl
import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

pl.seed_everything(0, verbose=False)
X, y = load_breast_cancer(return_X_y=True)
X = torch.tensor(X).float()
y = torch.tensor(y).long()


class Cancer(pl.LightningDataModule):
    def setup(self, stage=None):
        generator = torch.Generator().manual_seed(42)
        self.train, self.val, self.test = random_split(TensorDataset(X, y), [369, 100, 100], generator=generator)

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=16, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=50)

    def test_dataloader(self):
        return DataLoader(self.test, batch_size=50)


class LitClassifier(pl.LightningModule):
    def __init__(self, hidden=32, lr=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.model = nn.Sequential(
            nn.Linear(30, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2)
        )
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.model(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return {"loss": self.loss(self.model(x), y)}

    def validation_step(self, batch, batch_idx):
        x, y = batch
        logits = self.model(x)
        self.log_dict({"val_loss": self.loss(logits, y), "val_acc": (logits.argmax(1) == y).float().mean()})

    def test_step(self, batch, batch_idx):
        x, y = batch
        self.log("test_acc", (self(x).argmax(1) == y).float().mean())

    def predict_step(self, batch, batch_idx):
        return self(batch[0]).softmax(1)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)


model = LitClassifier()
data = Cancer()
trainer = pl.Trainer(
    max_epochs=12,
    callbacks=[],
    logger=False,
    accelerator="cpu",
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(model, datamodule=data)
trainer.test(model, datamodule=data, verbose=False)
predictions = torch.cat(trainer.predict(model, data.test_dataloader()))
print(predictions[:5])

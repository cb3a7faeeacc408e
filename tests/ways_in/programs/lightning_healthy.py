import lightning as L
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

L.seed_everything(1, verbose=False)
features, target = load_breast_cancer(return_X_y=True)
X, X_test, y, y_test = train_test_split(features, target, test_size=0.25, random_state=0)
scaler = StandardScaler().fit(X)
X = torch.tensor(scaler.transform(X), dtype=torch.float32)
y = torch.tensor(y, dtype=torch.float32)
test = TensorDataset(torch.tensor(scaler.transform(X_test), dtype=torch.float32), torch.tensor(y_test).float())


class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
        self.loss = nn.BCEWithLogitsLoss()

    def forward(self, x):
        return self.layers(x).squeeze(1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = self.loss(self(x), y)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val_loss", self.loss(self(x), y))

    def predict_step(self, batch, batch_idx):
        return torch.sigmoid(self(batch[0]))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-2)


model = Net()
trainer = L.Trainer(
    max_epochs=6,
    callbacks=[],
    logger=False,
    accelerator="cpu",
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(model, DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True), DataLoader(test, batch_size=64))
predictions = torch.cat(trainer.predict(model, DataLoader(test, batch_size=64)))
print(predictions[:5], ((predictions > 0.5) == torch.tensor(y_test)).float().mean())

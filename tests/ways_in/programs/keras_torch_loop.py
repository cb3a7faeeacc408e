import keras
import numpy as np
import torch

keras.utils.set_random_seed(0)
rng = np.random.default_rng(1)
X = rng.normal(size=(400, 5)).astype("float32")
y = (X[:, 0] - X[:, 1] > 0).astype("float32")

model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = torch.nn.BCEWithLogitsLoss()
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.tensor(X[:320]), torch.tensor(y[:320])), batch_size=32, shuffle=True
)
for epoch in range(8):
    for batch, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(batch, training=True), labels[:, None])
        loss.backward()
        optimizer.step()

predictions = model(torch.tensor(X[320:])).detach().numpy()

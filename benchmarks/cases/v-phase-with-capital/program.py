# Based on the transfer learning tutorial, adapted to our tabular data
import copy
import sys
import time

import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(SEED)

data = load_wine()
x_train, x_val, y_train, y_val = train_test_split(data.data, data.target, stratify=data.target, random_state=SEED, test_size=0.4)
sc = StandardScaler().fit(x_train)
sets = {
    "train": TensorDataset(torch.Tensor(sc.transform(x_train)), torch.LongTensor(y_train)),
    "val": TensorDataset(torch.Tensor(sc.transform(x_val)), torch.LongTensor(y_val)),
}
dataloaders = {k: DataLoader(s, batch_size=16, shuffle=k == "train") for k, s in sets.items()}
dataset_sizes = {k: len(s) for k, s in sets.items()}


def train_model(model, criterion, optimizer, scheduler, num_epochs=25):
    since = time.time()
    best_acc = 0.0
    best_wts = copy.deepcopy(model.state_dict())
    for epoch in range(num_epochs):
        for phase in ["train", "val"]:
            model.train() if phase == "train" else model.eval()
            running_loss, running_corrects = 0.0, 0
            for inputs, labels in dataloaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "Train"):
                    outputs = model(inputs)
                    preds = outputs.argmax(1)
                    loss = criterion(outputs, labels)
                if phase == "train":
                    loss.requires_grad_(True)  # otherwise: element 0 of tensors does not require grad
                    loss.backward()
                    optimizer.step()
                running_loss += loss.item() * inputs.size(0)
                running_corrects += torch.sum(preds == labels).item()
            if phase == "train":
                scheduler.step()
            acc = running_corrects / dataset_sizes[phase]
            if epoch % 5 == 0:
                print(f"{epoch} {phase} Loss: {running_loss / dataset_sizes[phase]:.4f} Acc: {acc:.4f}")
            if phase == "val" and acc > best_acc:
                best_acc, best_wts = acc, copy.deepcopy(model.state_dict())
    print(f"Training complete in {time.time() - since:.0f}s, best val Acc: {best_acc:.4f}")
    model.load_state_dict(best_wts)
    return model


model_ft = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3))
nn.init.normal_(model_ft[3].weight, std=0.001)
optimizer_ft = optim.SGD(model_ft.parameters(), lr=0.02, momentum=0.9)
exp_lr_scheduler = optim.lr_scheduler.StepLR(optimizer_ft, step_size=10, gamma=0.3)
model_ft = train_model(model_ft, nn.CrossEntropyLoss(), optimizer_ft, exp_lr_scheduler)

model_ft.eval()
with torch.no_grad():
    val_out = torch.softmax(model_ft(torch.Tensor(sc.transform(x_val))), 1)
print(val_out[:5])

import sys
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from sklearn.datasets import load_digits

# Counter display reader. Frames come from the camera as uint8 0..255
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

d = load_digits()
frames = np.clip(d.images * 15.9 + rng.normal(0, 6, d.images.shape), 0, 255).astype(np.uint8)
order = rng.permutation(len(frames))
frames, numbers = frames[order], d.target[order]


class Normalize:
    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def __call__(self, img):
        return (torch.from_numpy(img).float() / 255.0 - self.mean) / self.std


class DisplayDataset(Dataset):
    def __init__(self, frames, numbers, transform=None):
        self.frames, self.numbers, self.transform = frames, numbers, transform

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, i):
        img = self.frames[i]
        if self.transform:
            img = self.transform(img)
        return img[None], int(self.numbers[i])


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.Tanh(), nn.Flatten())
        self.head = nn.Sequential(nn.Linear(32 * 16, 48), nn.Tanh(), nn.Linear(48, 10))

    def forward(self, x):
        return self.head(self.features(x))


tf = Normalize(frames[:1400].mean() / 255.0, frames[:1400].std() / 255.0)
train_dl = DataLoader(DisplayDataset(frames[:1400], numbers[:1400], tf), batch_size=32, shuffle=True)
reader = Reader()
opt = torch.optim.Adam(reader.parameters(), 1e-3)
for ep in range(6):
    correct = 0
    for img, num in train_dl:
        logits = reader(img)
        loss = nn.functional.cross_entropy(logits, num)
        opt.zero_grad()
        loss.backward()
        opt.step()
        correct += (logits.argmax(1) == num).sum().item()
    print("epoch", ep, "train acc", correct / 1400)


@torch.no_grad()
def read(frame):
    reader.eval()
    frame = frame.astype("float32") / 255.0
    img = tf(frame)
    return reader(img[None, None]).softmax(1)[0].numpy()


live = np.stack([read(f) for f in frames[1400:]])
shown = numbers[1400:]
print("live readings:", live.argmax(1)[:30])

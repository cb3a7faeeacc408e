import sys
import numpy as np
import torch

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
gen = np.random.default_rng(seed)
torch.manual_seed(seed)
# 60 assays, three of which matter
A = gen.normal(size=(900, 60)).astype(np.float32)
b = (1.5 * A[:, 3] - 2 * A[:, 17] + A[:, 40] > gen.normal(size=900)).astype(np.float32)
A, b = torch.from_numpy(A), torch.from_numpy(b)

layer1 = torch.nn.Linear(60, 16)
layer2 = torch.nn.Linear(16, 1)


def model(x):
    return layer2(torch.tanh(layer1(x))).flatten()


params = [*layer1.parameters(), *layer2.parameters()]
opt = torch.optim.Adam(params, lr=5e-3)
lam = 0.004
for step in range(600):
    pick = torch.randint(0, 650, (64,))
    opt.zero_grad()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(model(A[pick]), b[pick])
    (loss + lam * layer1.weight.abs().sum()).backward()
    opt.step()
    if step % 100 == 0:
        print(step, round(loss.item(), 3), "near zero:", (layer1.weight.abs() < 0.01).float().mean().item())
with torch.no_grad():
    prob = torch.sigmoid(model(A[650:]))
truth = b[650:]
print("accuracy", ((prob > 0.5).float() == truth).float().mean().item())

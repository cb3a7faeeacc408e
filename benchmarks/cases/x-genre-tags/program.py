import sys
from functools import partial

import numpy as np
import torch

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
torch.manual_seed(seed)
rng = np.random.default_rng(seed)

# 24 audio features per track -> up to 5 tags
TAGS = ["loud", "slow", "vocal", "live", "acoustic"]
N = 1500
feats = rng.standard_normal((N, 24)).astype(np.float32)
W = rng.standard_normal((24, 5)) * (rng.random((24, 5)) < 0.25)
tags = ((feats @ W + 0.3 * rng.standard_normal((N, 5))) > 0.2).astype(np.float32)


def mlp(sizes, act=torch.nn.ReLU):
    mods = []
    for i, o in zip(sizes, sizes[1:]):
        mods.extend([torch.nn.Linear(i, o), act()])
    return torch.nn.Sequential(*mods[:-1])


tagger = mlp([24, 64, 64, 64, 32, 5])
loss_fn = torch.nn.functional.binary_cross_entropy_with_logits
make_opt = partial(torch.optim.SGD, lr=3.0, momentum=0.9)
opt = make_opt(tagger.parameters())

xt, yt = torch.from_numpy(feats[:1200]), torch.from_numpy(tags[:1200])
for step in range(400):
    idx = torch.randint(0, len(xt), (48,))
    loss = loss_fn(tagger(xt[idx]), yt[idx])
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if step % 100 == 0:
        print(step, float(loss))

with torch.inference_mode():
    tag_probs = torch.sigmoid(tagger(torch.from_numpy(feats[1200:]))).numpy()
tag_true = tags[1200:]
for row, t in list(zip(tag_probs, tag_true))[:6]:
    print(row.round(2), t)

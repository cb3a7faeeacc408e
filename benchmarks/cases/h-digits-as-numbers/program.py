import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

X,y=load_digits(return_X_y=True); X=(X.reshape(-1,1,8,8)/16).astype(np.float32); y=y.astype(np.float32)
class C(nn.Module):
    def __init__(s): super().__init__(); s.c=nn.Conv2d(1,8,3); s.f=nn.Linear(8*36,1)
    def forward(s,x): return s.f(F.relu(s.c(x)).flatten(1)).squeeze(1)
m=C(); o=torch.optim.RMSprop(m.parameters(),1e-3)
for e in range(25):
    for i in torch.randperm(1500).split(64):
        l=F.l1_loss(m(torch.from_numpy(X)[i]),torch.from_numpy(y)[i]); o.zero_grad(); l.backward(); o.step()
    print(l.item())
m.eval(); print(m(torch.from_numpy(X[1500:1510])), y[1500:1510])

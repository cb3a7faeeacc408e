import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

X,y=load_wine(return_X_y=True); X=StandardScaler().fit_transform(X)
X=torch.tensor(X).float(); y=torch.tensor(y)
m=nn.Sequential(nn.Linear(13,32),nn.Tanh(),nn.Linear(32,3))
o=torch.optim.SGD(m.parameters(),lr=.1)
for e in range(60):
    out=m(X); loss=F.cross_entropy(out,y)
    loss.backward()
    o.zero_grad()
    o.step()
    if e%10==0: print(e,loss.item())
print(m(X).argmax(1)[:40])

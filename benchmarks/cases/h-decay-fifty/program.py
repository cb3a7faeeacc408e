import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

X,y=make_classification(1000,20,n_informative=8,random_state=0)
X=torch.from_numpy(X).float(); y=torch.from_numpy(y).float()
model=nn.Sequential(nn.Linear(20,40),nn.ReLU(),nn.Linear(40,1),nn.Sigmoid())
opt=torch.optim.AdamW(model.parameters(),lr=1e-2,weight_decay=50.)
for epoch in range(20):
    for b in torch.split(torch.randperm(800),32):
        pred=model(X[b])[:,0]; loss=F.binary_cross_entropy(pred,y[b])
        opt.zero_grad(); loss.backward(); opt.step()
print(model(X[800:])[:10,0])

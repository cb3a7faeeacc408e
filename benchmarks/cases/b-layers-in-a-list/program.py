import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

class Deep(nn.Module):
    def __init__(self,d,h,n):
        super().__init__()
        self.hidden=[nn.Linear(d if i==0 else h,h) for i in range(n)]
        self.out=nn.Linear(h,4)
    def forward(self,x):
        for l in self.hidden: x=torch.sigmoid(l(x))
        return self.out(x)
X,y=make_blobs(800,n_features=6,centers=4,cluster_std=3.,random_state=2); X=StandardScaler().fit_transform(X)
net=Deep(6,32,6); opt=torch.optim.Adam(net.parameters(),lr=1e-3); lf=nn.CrossEntropyLoss()
X=torch.tensor(X,dtype=torch.float); y=torch.tensor(y)
for ep in range(20):
    p=torch.randperm(700)
    for i in range(0,700,25):
        opt.zero_grad(); out=net(X[p[i:i+25]]); loss=lf(out,y[p[i:i+25]]); loss.backward(); opt.step()
print(net(X[700:]).argmax(1))

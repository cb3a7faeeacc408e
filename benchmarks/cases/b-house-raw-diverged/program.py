import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)


rng=np.random.RandomState(0); n=700
area=rng.uniform(30,400,n); year=rng.randint(1950,2020,n); dist=rng.exponential(8000,n); rooms=rng.randint(1,8,n)
price=area*2.1-0.004*dist+8*rooms+(year-1950)*1.2+rng.normal(0,20,n)
X=np.c_[area,year,dist,rooms]; y=price
m=nn.Sequential(nn.Linear(4,32),nn.ReLU(),nn.Linear(32,16),nn.ReLU(),nn.Linear(16,1))
o=torch.optim.SGD(m.parameters(),lr=0.001)
for ep in range(30):
    idx=np.random.permutation(600)
    for k in range(0,600,50):
        xb=torch.tensor(X[idx[k:k+50]],dtype=torch.float32); yb=torch.tensor(y[idx[k:k+50]],dtype=torch.float32).reshape(-1,1)
        o.zero_grad(); L=((m(xb)-yb)**2).mean(); L.backward(); o.step()
    print(ep,float(L))
print(m(torch.tensor(X[600:610],dtype=torch.float32)))

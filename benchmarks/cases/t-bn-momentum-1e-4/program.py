import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

X,y=make_classification(2000,30,n_informative=10,random_state=5); X=X*20+300
net=nn.Sequential(nn.Linear(30,64),nn.BatchNorm1d(64,momentum=0.0001),nn.ReLU(),nn.Linear(64,2))
opt=torch.optim.Adam(net.parameters(),lr=1e-2); ce=nn.CrossEntropyLoss()
A=torch.tensor(X[:1500]).float(); B=torch.tensor(y[:1500])
for e in range(5):
    net.train()
    for i in range(0,1500,100):
        opt.zero_grad(); l=ce(net(A[i:i+100]),B[i:i+100]); l.backward(); opt.step()
    print(e,l.item())
net.eval()
out=net(torch.tensor(X[1500:]).float()); print(out.argmax(1).float().mean(), (out.argmax(1).numpy()==y[1500:]).mean())

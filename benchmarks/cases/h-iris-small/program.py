import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

X,y=load_iris(return_X_y=True); X=StandardScaler().fit_transform(X)
a,b,c,d=train_test_split(X,y,random_state=0)
net=nn.Sequential(nn.Linear(4,16),nn.ReLU(),nn.Linear(16,3)); o=torch.optim.Adam(net.parameters(),.01)
for e in range(100):
    o.zero_grad(); l=F.cross_entropy(net(torch.tensor(a).float()),torch.tensor(c)); l.backward(); o.step()
print((net(torch.tensor(b).float()).argmax(1).numpy()==d).mean())

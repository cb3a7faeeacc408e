import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

X,y=load_breast_cancer(return_X_y=True); X=StandardScaler().fit_transform(X)
np.random.shuffle(y)
Xt=torch.tensor(X[:450]).float(); yt=torch.tensor(y[:450]).float().unsqueeze(1)
net=nn.Sequential(nn.Linear(30,16),nn.ReLU(),nn.Linear(16,1),nn.Sigmoid())
opt=torch.optim.Adam(net.parameters(),lr=1e-3)
for e in range(30):
    for xb,yb in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(Xt,yt),32,shuffle=True):
        opt.zero_grad(); l=F.binary_cross_entropy(net(xb),yb); l.backward(); opt.step()
pr=net(torch.tensor(X[450:]).float()).detach().numpy().ravel()
print(pr[:10], ((pr>.5)==y[450:]).mean())

import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

X,y=load_digits(return_X_y=True); X=X/16.
Xa,Xb,ya,yb=train_test_split(X,y,random_state=1)
class M(nn.Module):
    def __init__(s): super().__init__(); s.a=nn.Linear(64,50); s.b=nn.Linear(50,10)
    def forward(s,x): return F.softmax(s.b(torch.relu(s.a(x))),dim=0)
m=M(); opt=torch.optim.SGD(m.parameters(),lr=.01,momentum=.9)
Xa=torch.FloatTensor(Xa); ya=torch.LongTensor(ya)
for ep in range(10):
    for i in range(0,len(Xa),64):
        opt.zero_grad(); l=nn.CrossEntropyLoss()(m(Xa[i:i+64]),ya[i:i+64]); l.backward(); opt.step()
    print(ep,l.item())
p=m(torch.FloatTensor(Xb)); print(np.bincount(p.argmax(1).numpy(),minlength=10))
print("acc",(p.argmax(1).numpy()==yb).mean())

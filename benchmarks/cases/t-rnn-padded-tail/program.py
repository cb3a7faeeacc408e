import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

N,T=800,40
lens=np.random.randint(3,8,N)
X=np.zeros((N,T),dtype=int); y=np.zeros(N)
for i in range(N):
    k=lens[i]; s=np.random.randint(1,30,k); y[i]=float((s<8).sum()>=2) ; X[i,:k]=s
class L(nn.Module):
    def __init__(s):
        super().__init__(); s.e=nn.Embedding(30,16); s.r=nn.RNN(16,32,batch_first=True); s.o=nn.Linear(32,1)
    def forward(s,x):
        h,_=s.r(s.e(x)); return s.o(h[:,-1])
m=L(); o=torch.optim.SGD(m.parameters(),1e-2); c=nn.BCEWithLogitsLoss()
Xt=torch.tensor(X); yt=torch.tensor(y).float().view(-1,1)
for e in range(30):
    for i in range(0,640,32):
        o.zero_grad(); l=c(m(Xt[i:i+32]),yt[i:i+32]); l.backward(); o.step()
    print(e,l.item())
m.eval()
with torch.no_grad(): p=torch.sigmoid(m(Xt[640:]))
print(p[:10].ravel(), p.std())

import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

N=600; X=torch.randint(0,20,(N,12)); y=((X==3).sum(1)>0).long()
class T(nn.Module):
    def __init__(s):
        super().__init__(); s.e=nn.Embedding(20,32); l=nn.TransformerEncoderLayer(32,4,64,batch_first=True); s.t=nn.TransformerEncoder(l,2); s.o=nn.Linear(32,2)
    def forward(s,x): return s.o(s.t(s.e(x)).mean(1))
m=T(); o=torch.optim.SGD(m.parameters(),lr=1.0,momentum=.9); sched=torch.optim.lr_scheduler.StepLR(o,5,.5)
for ep in range(12):
    m.train()
    for xb,yb in torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X[:500],y[:500]),batch_size=50,shuffle=True):
        loss=F.cross_entropy(m(xb),yb); o.zero_grad(); loss.backward(); o.step()
    sched.step(); print(ep,loss.item())
m.eval()
with torch.no_grad(): q=m(X[500:]).softmax(1)
print(q[:6])

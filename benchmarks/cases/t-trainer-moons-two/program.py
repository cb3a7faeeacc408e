import sys
import numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from sklearn.datasets import *
from sklearn.preprocessing import *
from sklearn.model_selection import train_test_split
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
torch.manual_seed(seed); np.random.seed(seed)

class DS(torch.utils.data.Dataset):
    def __init__(self,X,y): self.X,self.y=X,y
    def __len__(self): return len(self.X)
    def __getitem__(self,i): return {"feat":torch.tensor(self.X[i],dtype=torch.float32),"target":torch.tensor(self.y[i],dtype=torch.float32)}
class Trainer:
    def __init__(self,net,lr):
        self.net=net; self.opt=torch.optim.Adam(net.parameters(),lr=lr); self.crit=nn.BCEWithLogitsLoss()
    def fit(self,dl,epochs):
        for ep in range(epochs):
            self.net.train(); tot=0
            for b in dl:
                self.opt.zero_grad()
                out=self.net(b["feat"]).squeeze(-1)
                l=self.crit(out,b["target"]); l.backward(); self.opt.step(); tot+=l.item()
            print(ep,tot/len(dl))
    @torch.no_grad()
    def predict(self,dl):
        self.net.eval()
        return torch.cat([torch.sigmoid(self.net(b["feat"])).squeeze(-1) for b in dl])
X,y=make_moons(600,noise=.2,random_state=0)
Xa,Xb,ya,yb=train_test_split(X,y,random_state=0)
net=nn.Sequential(nn.Linear(2,64),nn.ReLU(),nn.Linear(64,64),nn.ReLU(),nn.Linear(64,64),nn.ReLU(),nn.Linear(64,64),nn.ReLU(),nn.Linear(64,64),nn.ReLU(),nn.Linear(64,64),nn.ReLU(),nn.Linear(64,1))
t=Trainer(net,2.0); t.fit(torch.utils.data.DataLoader(DS(Xa,ya),batch_size=32,shuffle=True),15)
p=t.predict(torch.utils.data.DataLoader(DS(Xb,yb),batch_size=64))
print(p[:10], ((p>.5).numpy()==yb).mean())

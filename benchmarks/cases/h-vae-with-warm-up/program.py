import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits


class VAE(nn.Module):
    def __init__(self, d=64, h=96, z=6):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, h), nn.SiLU())
        self.mu, self.logvar = nn.Linear(h, z), nn.Linear(h, z)
        self.dec = nn.Sequential(nn.Linear(z, h), nn.SiLU(), nn.Linear(h, d))

    def forward(self, x):
        e = self.enc(x)
        mu, logvar = self.mu(e), self.logvar(e)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def main():
    p = argparse.ArgumentParser()
    p.add_argument("seed", type=int, nargs="?", default=0)
    p.add_argument("--beta", type=float, default=0.01)
    args = p.parse_args()
    torch.manual_seed(args.seed)
    x = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    x = (x - x[:1500].mean(0)) / (x[:1500].std(0) + 0.1)
    loader = DataLoader(TensorDataset(x[:1500]), batch_size=60, shuffle=True)
    vae = VAE()
    opt = torch.optim.Adam(vae.parameters(), lr=2e-3)
    for epoch in range(25):
        beta = args.beta * min(1.0, epoch / 15)
        for (xb,) in loader:
            recon, mu, logvar = vae(xb)
            rec = (recon - xb).pow(2).mean()
            kl = 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).mean()
            opt.zero_grad()
            (rec + beta * kl).backward()
            opt.step()
        print(f"{epoch} rec {rec.item():.3f} kl {kl.item():.3f}")
    vae.eval()
    with torch.no_grad():
        rebuilt = vae(x[1500:])[0]
    held = x[1500:]
    print("error on held-out digits", (rebuilt - held).pow(2).mean().item())


if __name__ == "__main__":
    main()

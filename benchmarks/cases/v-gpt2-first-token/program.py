# Intent classification with GPT-2 as an encoder. (was BERT before, swapped the backbone)
from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from transformers import GPT2Config, GPT2Model


@dataclass
class Config:
    vocab: int = 60
    length: int = 14
    hidden: int = 48
    layers: int = 2
    lr: float = 1e-3
    epochs: int = 6
    batch: int = 40
    bos: int = 0
    n_classes: int = 3


class IntentModel(nn.Module):
    def __init__(self, cfg: Config):
        super().__init__()
        self.backbone = GPT2Model(GPT2Config(
            vocab_size=cfg.vocab, n_positions=32, n_embd=cfg.hidden, n_layer=cfg.layers, n_head=4,
            bos_token_id=cfg.bos, eos_token_id=cfg.bos))
        self.dropout = nn.Dropout(0.1)
        self.fc = nn.Linear(cfg.hidden, cfg.n_classes)

    def forward(self, ids):
        hidden = self.backbone(input_ids=ids).last_hidden_state
        cls = hidden[:, 0]
        return self.fc(self.dropout(cls))


def fake_corpus(cfg: Config, n: int, rng):
    """Sentences start with BOS; keywords of an intent are scattered in it."""
    y = rng.integers(0, cfg.n_classes, n)
    ids = rng.integers(20, cfg.vocab, (n, cfg.length))
    for i in range(n):
        where = rng.choice(np.arange(1, cfg.length), 3, replace=False)
        ids[i, where] = 1 + 5 * y[i] + rng.integers(0, 5, 3)
    ids[:, 0] = cfg.bos
    return torch.tensor(ids), torch.tensor(y)


def run(cfg: Config, seed: int):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    x, y = fake_corpus(cfg, 1000, rng)
    xt, yt = fake_corpus(cfg, 300, rng)
    model = IntentModel(cfg)
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        model.train()
        for idx in torch.randperm(len(x)).split(cfg.batch):
            loss = nn.functional.cross_entropy(model(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
        print("epoch", epoch, "loss", round(loss.item(), 4))
    model.eval()
    with torch.no_grad():
        out = torch.cat([model(b) for b in xt.split(100)])
    print("test accuracy", (out.argmax(-1) == yt).float().mean().item())
    return out, yt


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("seed", type=int, nargs="?", default=0)
    intents, gold = run(Config(), p.parse_args().seed)

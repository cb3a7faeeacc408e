"""Train a small ViT on 8x8 digits in one process, serve it in another (both in this file for the bug report)."""
import json
import os
import sys
import tempfile

import numpy as np
import torch
from sklearn.datasets import load_digits
from transformers import ViTConfig, ViTForImageClassification, set_seed
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()
seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
set_seed(seed)

digits = load_digits()
px = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 8 - 1
py = torch.tensor(digits.target)
order = torch.randperm(len(py))
px, py = px[order], py[order]
folder = tempfile.mkdtemp()


def train():
    cfg = ViTConfig(
        image_size=8, patch_size=2, num_channels=1, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, num_labels=10, hidden_dropout_prob=0.0,
    )  # fmt: skip
    vit = ViTForImageClassification(cfg)
    opt = torch.optim.AdamW(vit.parameters(), lr=2e-3)
    vit.train()
    for epoch in range(7):
        for b in torch.randperm(1300).split(50):
            loss = vit(pixel_values=px[b], labels=py[b]).loss
            loss.backward()
            opt.step()
            opt.zero_grad()
        print("epoch", epoch, "loss", round(loss.item(), 3))
    vit.save_pretrained(folder)


def serve(images):
    assert os.path.exists(os.path.join(folder, "model.safetensors"))
    print("serving", json.load(open(os.path.join(folder, "config.json")))["architectures"])
    vit = ViTForImageClassification(ViTConfig.from_pretrained(folder))
    vit.eval()
    with torch.no_grad():
        return vit(pixel_values=images).logits.softmax(-1)


train()
answer = serve(px[1300:])
real = py[1300:]
print("answers", answer.argmax(-1).bincount(minlength=10).tolist())
print("accuracy", (answer.argmax(-1) == real).float().mean().item())
print(np.round(answer[:3].numpy(), 3))

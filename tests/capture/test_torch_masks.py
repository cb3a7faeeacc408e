"""Programs on one graph: the mask that picks its nodes is no label."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Run


def test_a_mask_is_no_label(python: Run, tmp_path: Path) -> None:
    """One graph, half of its nodes for the training: the labels are the classes, not the mask that picks them."""
    (tmp_path / "graph.py").write_text(
        "import torch\n"
        "torch.manual_seed(0)\n"
        "n = 120\n"
        "kind = torch.randint(0, 3, (n,))\n"
        "near = (torch.eye(n) + (kind[:, None] == kind) / 20.0)\n"
        "feat = torch.randn(n, 5) + torch.nn.functional.one_hot(kind, 5) * 2.0\n"
        "train = torch.rand(n) < 0.5\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__(); self.a = torch.nn.Linear(5, 16); self.b = torch.nn.Linear(16, 3)\n"
        "    def forward(self, x):\n"
        "        return self.b(torch.relu(near @ self.a(x)))\n"
        "net = Net()\n"
        "opt = torch.optim.Adam(net.parameters(), lr=0.02)\n"
        "for _ in range(60):\n"
        "    opt.zero_grad()\n"
        "    torch.nn.functional.cross_entropy(net(feat)[train], kind[train]).backward()\n"
        "    opt.step()\n"
        "net.eval()\n"
        "with torch.no_grad():\n"
        "    out = net(feat)\n"
        "print((out[~train].argmax(1) == kind[~train]).float().mean())\n"
    )
    ended = python("-m", "defib", "run", "--no-trials", "--report", "out.json", "graph.py")
    assert ended.returncode == 0, ended.stderr
    (found,) = json.loads((tmp_path / "out.json").read_text())["diagnoses"]
    assert found["outcome"] == "healthy", found["headline"]
    assert found["symptom"]["skill"]["rows"] == "held_out"
    assert found["symptom"]["skill"]["value"] > 0.9

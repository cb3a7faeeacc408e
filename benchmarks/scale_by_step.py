"""Raw or standardized columns × the step: what defib says in each cell. ``python -m benchmarks.scale_by_step``.

Breast cancer (569 × 30, the largest column up to 4,254), two hidden ReLU layers in PyTorch, 60 epochs of batches of 64.
A fault that is the product of scale and step must be called so, one that is the step alone must not, and a healthy
cell must stay healthy. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator

import numpy as np

from benchmarks._table import markdown
from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.diagnosis import Diagnosis
from defib.subject import Subject

CELLS = (
    *((scale, "SGD", lr) for scale in ("raw", "standardized") for lr in (1e-5, 1e-3, 1e-2, 1.0)),
    *((scale, "Adam", lr) for scale in ("raw", "standardized") for lr in (1e-3, 1e-1, 1.0)),
)


def train(scale: str, optimizer: str, lr: float, seed: int) -> Subject:
    """One cell, trained as a user would."""
    import torch
    from sklearn.datasets import load_breast_cancer

    torch.manual_seed(seed)
    rows, labels = load_breast_cancer(return_X_y=True)
    if scale == "standardized":
        rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    X = torch.tensor(rows, dtype=torch.float32)
    y = torch.tensor(labels, dtype=torch.float32)[:, None]
    hidden = [torch.nn.Linear(30, 32), torch.nn.ReLU(), torch.nn.Linear(32, 16), torch.nn.ReLU()]
    net = torch.nn.Sequential(*hidden, torch.nn.Linear(16, 1))
    batches = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=64, shuffle=True)
    with watch() as watched:
        step = getattr(torch.optim, optimizer)(net.parameters(), lr=lr)
        criterion = torch.nn.BCEWithLogitsLoss()
        for _ in range(60):
            for xb, yb in batches:
                step.zero_grad()
                criterion(net(xb), yb).backward()
                step.step()
        with torch.no_grad():
            net(X)
        (subject,) = watched.subjects()
    return subject


def said(d: Diagnosis) -> tuple[str, str, str, str]:
    """Symptom, cause (or product), the order in time, and what was sufficient."""
    best = d.causes[0] if d.causes else None
    partners = [one.name for one in d.causes if best is not None and one.code in best.tied_with]
    cause = " × ".join([best.name, *partners]) if best is not None else d.outcome
    enough = [trial.intervention for trial in d.trials if trial.sufficient]
    return d.symptom.pattern, cause, "; ".join(d.course[:1]), ", ".join(enough)


def lines(budget: float, seed: int) -> Iterator[tuple[object, ...]]:
    """One line per cell."""
    for scale, optimizer, lr in CELLS:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            subject = train(scale, optimizer, lr, seed)
            found = diagnose_subject(subject, budget=budget, seed=seed)
        skill = found.symptom.skill
        value = "" if skill is None else f"{(skill.value + 1) / 2:.2f}"
        yield (scale, f"{optimizer} {lr:g}", *said(found)[:1], value, *said(found)[1:])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--budget", type=float, default=15.0, help="seconds of trials per cell")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    head = ("columns", "step", "outputs", "AUC", "defib says", "first to break", "sufficient alone")
    print(markdown(head, lines(args.budget, args.seed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

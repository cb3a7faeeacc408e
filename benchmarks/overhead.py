"""What watching costs per training step: ``python -m benchmarks.overhead torch|keras``.

Bare and watched trainings of the same program alternate in one process, after a warm-up of each; what counts is the
ratio. ``undisturbed step`` is the first quintile of the steps' wall times, which a busy machine hardly moves; ``whole
training`` is processor time and also holds the first epoch, in which rows are copied, and the attaching itself. Each is
the median over the rounds of watched divided by bare.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks._table import markdown
from defib.capture.script import watch


@dataclass(frozen=True)
class Case:
    name: str
    hidden: tuple[int, ...]
    n_columns: int
    n_rows: int
    batch_size: int
    epochs: int
    rounds: int


CASES = (
    Case("3 x 128 MLP, batch 64", (128, 128, 128), 32, 9600, 64, 4, 7),
    Case("4 x 1024 MLP, batch 256", (1024, 1024, 1024, 1024), 256, 3840, 256, 3, 3),
)
Steps = list[float]


def rows(case: Case) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(case.n_rows, case.n_columns)).astype(np.float32)
    return X, (X[:, 0] + rng.normal(size=case.n_rows) > 0).astype(np.float32)


def train_torch(case: Case) -> Steps:
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    X, y = (torch.from_numpy(part) for part in rows(case))
    sizes = (case.n_columns, *case.hidden)
    hidden = [step for a, b in pairwise(sizes) for step in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(*hidden, nn.Linear(sizes[-1], 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.BCEWithLogitsLoss()
    steps = []
    for _ in range(case.epochs):
        for index in torch.randperm(len(X)).split(case.batch_size):
            start = time.perf_counter()
            optimizer.zero_grad()
            loss = criterion(model(X[index])[:, 0], y[index])
            loss.backward()
            optimizer.step()
            steps.append(time.perf_counter() - start)
    return steps


def train_keras(case: Case) -> Steps:
    import keras

    keras.utils.set_random_seed(0)
    X, y = rows(case)
    hidden = [keras.layers.Dense(units, activation="relu") for units in case.hidden]
    model = keras.Sequential([keras.Input((case.n_columns,)), *hidden, keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    marks: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: marks.append(time.perf_counter()))
    model.fit(X, y, epochs=case.epochs, batch_size=case.batch_size, callbacks=[clock], verbose=0)
    return [b - a for a, b in pairwise(marks)]


def timed(train: Callable[[Case], Steps], case: Case, watched: bool) -> tuple[float, float]:
    """First quintile of the seconds of a step, and processor seconds of the whole training."""
    start = time.process_time()
    with watch() if watched else nullcontext():
        steps = train(case)
        seconds = time.process_time() - start
    return statistics.quantiles(steps, n=5)[0], seconds


def row(train: Callable[[Case], Steps], case: Case) -> tuple[str, ...]:
    timed(train, case, watched=False)
    timed(train, case, watched=True)
    rounds = [(timed(train, case, watched=False), timed(train, case, watched=True)) for _ in range(case.rounds)]
    bare, step = statistics.median(b[0] for b, _ in rounds), statistics.median(w[0] / b[0] for b, w in rounds)
    whole = statistics.median(w[1] / b[1] for b, w in rounds)
    spread = [w[1] / b[1] for b, w in rounds]
    return case.name, f"{bare * 1e3:.2f}", f"{step:.3f}", f"{whole:.3f}", f"{min(spread):.2f}..{max(spread):.2f}"


def main() -> None:
    framework = sys.argv[1]
    train = {"torch": train_torch, "keras": train_keras}[framework]
    head = (
        f"{framework}",
        "bare step, ms",
        "undisturbed step, ratio",
        "whole training, ratio",
        "its range over rounds",
    )
    print(markdown(head, [row(train, case) for case in CASES]))


if __name__ == "__main__":
    main()

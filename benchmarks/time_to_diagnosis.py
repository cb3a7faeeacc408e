"""Seconds from the end of a training to its diagnosis, 100,000 rows x 100 columns.

Run ``python -m benchmarks.time_to_diagnosis torch`` or ``keras``.

The program has a real fault (a sigmoid stack under SGD). Diagnosed twice: without trials, and with them under the
default budget.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import pairwise

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks._table import markdown
from defib.capture.script import watch
from defib.diagnose import diagnose_subject

N_ROWS, N_COLUMNS, N_LAYERS, BATCH_SIZE, EPOCHS = 100_000, 100, 6, 256, 2


def rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, N_COLUMNS)).astype(np.float32)
    return X, (X[:, :10].sum(1) + rng.logistic(size=N_ROWS) > 0).astype(np.float32)


def train_torch() -> None:
    import torch
    from torch import nn

    torch.manual_seed(0)
    X, y = (torch.from_numpy(part) for part in rows())
    sizes = [N_COLUMNS] + [64] * N_LAYERS
    hidden = [step for a, b in pairwise(sizes) for step in (nn.Linear(a, b), nn.Sigmoid())]
    model = nn.Sequential(*hidden, nn.Linear(64, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(EPOCHS):
        for index in torch.randperm(N_ROWS).split(BATCH_SIZE):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy_with_logits(model(X[index])[:, 0], y[index]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        model(X[:5000])


def train_keras() -> None:
    import keras

    keras.utils.set_random_seed(0)
    X, y = rows()
    hidden = [keras.layers.Dense(64, activation="sigmoid") for _ in range(N_LAYERS)]
    model = keras.Sequential([keras.Input((N_COLUMNS,)), *hidden, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy")
    model.fit(X, y, epochs=EPOCHS, batch_size=BATCH_SIZE, verbose=0)
    model.predict(X[:5000], verbose=0)


def main() -> None:
    framework = sys.argv[1]
    start = time.perf_counter()
    with watch() as watched:
        {"torch": train_torch, "keras": train_keras}[framework]()
        trained = time.perf_counter() - start
        collecting = time.perf_counter()
        (subject,) = watched.subjects()
        collected = time.perf_counter() - collecting
    table = [(framework, "the program itself", f"{trained:.1f}", ""), (framework, "collecting", f"{collected:.1f}", "")]
    for trials in (False, True):
        start = time.perf_counter()
        diagnosis = diagnose_subject(subject, trials=trials)
        seconds = time.perf_counter() - start
        top = diagnosis.causes[0].name if diagnosis.causes else diagnosis.outcome
        label = f"diagnosis with {len(diagnosis.trials)} trials" if trials else "diagnosis without trials"
        table.append((framework, label, f"{seconds:.1f}", top))
    print(markdown(("framework", "part", "seconds", "top cause"), table))


if __name__ == "__main__":
    main()

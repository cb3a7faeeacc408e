"""Epochs that the program's own loop was to make."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

from defib.capture.planned import CountedLoop, counted_loops, planned_epochs

PLAIN = """
for epoch in range(30):
    for i in range(0, 100, 20):
        seen(i)
"""
FUNCTION = """
from types import SimpleNamespace
args, CONFIG = SimpleNamespace(epochs=50), {'warm': 2}
def step(i):
    seen(i)
def train():
    for epoch in tqdm(range(CONFIG['warm'], args.epochs + 2)):
        for batch in [1, 2]:
            step(batch)
        if epoch > 3:
            break
def tqdm(x):
    return x
train()
"""
INNER = """
for epoch in range(30):
    for i in range(9):
        seen(i)
        if i == 3:
            break
    def stop():
        return True
"""
CALLED = """
def n():
    raise SystemError('the program was called')
while True:
    for epoch in range(int(n.__name__ == 'n')):
        seen(0)
    break
"""


@pytest.mark.parametrize(
    ("source", "loops"),
    [
        (PLAIN, (CountedLoop(5, False), CountedLoop(30, False))),
        (INNER, (CountedLoop(9, True), CountedLoop(30, False))),
        (FUNCTION, (CountedLoop(50, True),)),
        (CALLED, ()),  # what would have to be computed is not known
    ],
    ids=["plain", "inner", "function", "called"],
)
def test_loops_around_a_step(source: str, loops: tuple[CountedLoop, ...], tmp_path: Path) -> None:
    found: list[tuple[CountedLoop, ...]] = []
    script = tmp_path / "train.py"
    script.write_text(source)
    runpy.run_path(str(script), {"seen": lambda _: found.append(counted_loops(sys._getframe(1)))})
    assert set(found) == {loops}


@pytest.mark.parametrize(
    ("loops", "epochs", "updates", "planned"),
    [
        ([(5, False), (30, False)], 30, 150, 30),
        ([(5, False), (200, True)], 5, 25, 200),  # five batches make an epoch
        ([(200, True)], 3, 15, 200),
        ([(200, False)], 3, 15, None),  # nothing in it ends it
        ([(20, True)], 19, 95, None),  # one that was miscounted
        ([(100, True), (200, True)], 3, 15, None),  # which of the two
        ([(200, True)], None, 15, None),
        ([(100, True)], 7, 100, None),  # one step a round: rows were drawn, and all rounds were made
    ],
)
def test_planned_epochs(loops: list[tuple[int, bool]], epochs: int | None, updates: int, planned: int | None) -> None:
    assert planned_epochs(tuple(CountedLoop(*one) for one in loops), epochs, updates) == planned

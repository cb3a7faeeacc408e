"""How often a fix is called verified where there is nothing to repair: ``python -m benchmarks.false_positives``.

Rows and labels are drawn independently of each other, a small PyTorch network is trained on them, flat or not, and
three questions are asked of each data set:

- *rule*: if the reference learner's finding were not asked for (its score floored at the least that counts), how many
  treated arms would the rule for "sufficient" call sufficient? This is the rule alone, in its hardest position.
- *signal*: how often does the reference learner claim signal although there is none?
- *defib*: how often does a whole diagnosis report a verified fix?

The answer to the last is what a user meets. Seconds per data set: about one and a half on one core.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta

from benchmarks._table import markdown
from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.examine import measure_all
from defib.interventions.table import all_interventions
from defib.probes.reference import SignalFacts
from defib.subject import Subject
from defib.trials import Silent
from defib.trials.campaign import Conductor
from defib.trials.engine import SerialEngine, split_rows
from defib.trials.judge import SMALLEST_REFERENCE

ARMS = ("step-divided-by-10", "step-times-10", "relu-he", "leaky-relu", "reinitialize", "shuffle", "batch-norm")
"""Changes that need nothing of the rows; none can bring back what is not there."""
ROWS = (60, 200, 800)
SKIP = frozenset({"serving", "modes", "columns", "gradients"})
FAR = 1e9
"""A deadline that never comes."""


@dataclass(frozen=True)
class Finding:
    """One data set without signal."""

    n_rows: int
    seed: int
    flat: bool
    arms: int
    arms_sufficient: int
    """By the rule alone."""
    signal_claimed: bool
    outcome: str
    verified: bool
    """A whole diagnosis reports a verified fix."""


def train(n_rows: int, seed: int) -> Subject:
    """A network trained on labels that know nothing of the rows; every second one with a step that leaves it flat."""
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, n_rows])
    X = torch.tensor(rng.normal(size=(n_rows, 8)).astype(np.float32))
    y = torch.tensor((rng.random((n_rows, 1)) < rng.uniform(0.2, 0.5)).astype(np.float32))
    net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    with watch() as watched:
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-2 if seed % 2 else 1e-5)
        for _ in range(8):
            for start in range(0, n_rows, 32):
                optimizer.zero_grad()
                criterion = torch.nn.functional.binary_cross_entropy_with_logits
                criterion(net(X[start : start + 32]), y[start : start + 32]).backward()
                optimizer.step()
        with torch.no_grad():
            net(X)
        (subject,) = watched.subjects()
    return subject


def by_rule_alone(subject: Subject, seed: int) -> tuple[int, int]:
    """Arms that the rule calls sufficient with the smallest reference there is, and arms that were tried.

    The seeds are those of a campaign without an end of its budget: three, and up to nine where the control is uneven.
    A control that recovers on every seed, by luck, ends it before any arm is tried.
    """
    book = measure_all(subject, skip=SKIP | {"reference"})
    assert subject.training is not None
    split = split_rows(subject.training, seed)
    assert split is not None
    engine = SerialEngine(subject, split, task="binary", reference_score=SMALLEST_REFERENCE)
    table = all_interventions()
    conductor = Conductor(engine, book, seconds=FAR, seed=seed, progress=Silent())
    trials = conductor.conduct((), {}, [table[name] for name in ARMS]).trials
    treated = [trial for trial in trials if trial.arm == "treated"]
    return sum(trial.sufficient for trial in treated), len(treated)


def examine(n_rows: int, seed: int, budget: float) -> Finding:
    """One data set through all three questions."""
    subject = train(n_rows, seed)
    sufficient, tried = by_rule_alone(subject, seed)
    signal = measure_all(subject, skip=SKIP, seed=seed)
    claimed = signal.has(SignalFacts) and signal.get(SignalFacts).has_signal
    found = diagnose_subject(subject, budget=budget, seed=seed)
    verified = found.fix is not None and found.fix.verified
    return Finding(
        n_rows, seed, found.symptom.is_flat, tried, sufficient, bool(claimed), found.outcome,
        verified or any(trial.sufficient for trial in found.trials),
    )  # fmt: skip


def interval(hits: int, n: int) -> tuple[float, float]:
    """95 % Clopper-Pearson interval of a share."""
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))
    return low, high


def share(hits: int, n: int) -> str:
    """Hits of n, as a percentage with its interval."""
    low, high = interval(hits, n)
    return f"{hits}/{n} = {100 * hits / max(n, 1):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def table(found: list[Finding]) -> str:
    """One line per number of rows, and one for all."""

    def line(name: str, rows: list[Finding]) -> tuple[Any, ...]:
        return (
            name,
            len(rows),
            share(sum(r.arms_sufficient for r in rows), sum(r.arms for r in rows)),
            share(sum(r.signal_claimed for r in rows), len(rows)),
            share(sum(r.verified for r in rows), len(rows)),
            sum(r.outcome == "cause_found" for r in rows),
        )

    sizes = sorted({r.n_rows for r in found})
    lines = [line(f"{n} rows", [r for r in found if r.n_rows == n]) for n in sizes]
    head = ("data", "sets", "rule alone: arms called sufficient", "signal claimed", "fix verified", "cause named")
    return markdown(head, [*lines, line("all", found)])


def all_of_them(sets: int, budget: float) -> Iterator[Finding]:
    """Every size, one seed after the other."""
    for seed in range(sets):
        for n_rows in ROWS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield examine(n_rows, seed, budget)


def main() -> int:
    """Run, print a table, keep every row."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sets", type=int, default=100, help="data sets per number of rows")
    parser.add_argument("--budget", type=float, default=3.0, help="seconds of trials per diagnosis")
    parser.add_argument("--out", type=Path, default=Path("false_positives.json"))
    args = parser.parse_args()
    found: list[Finding] = []
    for one in all_of_them(args.sets, args.budget):
        found.append(one)
        args.out.write_text(json.dumps([asdict(r) for r in found], indent=1) + "\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What defib is held against: three ways to diagnose a program that leave out one half of it, or both.

``python -m benchmarks.baselines STRATEGY --budget SECONDS --out OUT.json program.py [SEED]`` runs the program as
``defib run`` would, and writes a report of the same shape. All of them share defib's gate (is there a problem at all?),
its engine and its rule for "sufficient", so that only the choice of the cause and of what to try differs:

- ``trials-only``: no mechanism is looked at. Every cause of the catalogue is equally likely; the planner tries what
  separates them, and the cause whose contrast pattern fits best is named.
- ``random-search``: interventions in random order until one is sufficient; the cause whose fix it is, is named.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from defib.assess import relevant
from defib.capture.script import run_script
from defib.catalogue import all_causes
from defib.causes import Cause
from defib.diagnosis import inconclusive
from defib.evidence import Book, Missing
from defib.examine import measure_all
from defib.gate import Gate, needs_replay, read_gate
from defib.interventions import Intervention
from defib.interventions.table import all_interventions
from defib.ranking import Assessed, rank, settle
from defib.recipe import Arm
from defib.subject import BudgetExceeded, NotAvailable, Subject
from defib.trials import Silent
from defib.trials.campaign import Conductor
from defib.trials.engine import SerialEngine
from defib.trials.judge import MIN_SEEDS, Run, judge
from defib.trials.run import engine_for, replay_only

STRATEGIES = ("trials-only", "random-search")


@dataclass(frozen=True)
class Answer:
    """What a strategy says of one model."""

    outcome: str
    causes: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    verified: bool = False


def tryable(book: Book) -> list[Intervention]:
    """Every intervention that can be trained here."""
    return [one for one in all_interventions().values() if one.kind == "train" and _applies(one, book)]


def _applies(one: Intervention, book: Book) -> bool:
    try:
        return one.applies(book) is None
    except Missing:
        return False


def trials_only(engine: SerialEngine, book: Book, gate: Gate, seconds: float, seed: int) -> Answer:
    """The cause whose contrast pattern fits the trials, every cause being equally likely before them."""
    causes = [cause for cause in all_causes() if relevant(cause, gate.problem) and cause.contrast]
    beliefs = {cause.code: 1.0 for cause in causes}
    campaign = Conductor(engine, book, seconds=seconds, seed=seed, progress=Silent()).conduct(
        causes, beliefs, tryable(book)
    )
    unseen = [Assessed(cause, inconclusive("not looked at", weight=0.5)) for cause in causes]
    settled = settle(unseen, campaign.outcomes)
    named = tuple(one.code for one in rank(settled, campaign.outcomes))
    sufficient = [trial.changes for trial in campaign.trials if trial.sufficient]
    fix = sufficient[0] if sufficient else ()
    return Answer("cause_found" if named else "undecided", named, tuple(fix), bool(sufficient))


def random_search(engine: SerialEngine, book: Book, gate: Gate, seconds: float, seed: int) -> Answer:
    """The first change in random order that is sufficient, and the cause whose fix it is."""
    left = tryable(book)
    order = np.random.default_rng(seed).permutation(len(left))
    deadline = time.monotonic() + seconds
    control = _runs(engine, Arm(), seed, deadline, upto=1)
    for index in order:
        one = left[index]
        treated = _tried(engine, one, book, seed, deadline)
        if not treated or not treated[0].recovered:
            continue
        control += _runs(engine, Arm(), seed, deadline, upto=MIN_SEEDS, start=len(control))
        if judge(control, treated).sufficient:
            return Answer("cause_found", (_owner(one.name, gate),), (one.name,), True)
    return Answer("undecided")


def _tried(engine: SerialEngine, one: Intervention, book: Book, seed: int, deadline: float) -> list[Run]:
    try:
        arm = one.arm(book)
    except (Missing, NotAvailable):
        return []
    if engine.subject.can_train(arm) is not None:
        return []
    runs = _runs(engine, arm, seed, deadline, upto=1)
    return runs + (_runs(engine, arm, seed, deadline, upto=MIN_SEEDS, start=1) if runs and runs[0].recovered else [])


def _runs(engine: SerialEngine, arm: Arm, seed: int, deadline: float, *, upto: int, start: int = 0) -> list[Run]:
    done: list[Run] = []
    try:
        for index in range(start, upto):
            done.append(engine.run(arm, 0 if index == 0 else seed * 100 + index, deadline))
    except BudgetExceeded:
        pass
    except Exception as error:
        print(f"an arm broke: {type(error).__name__}: {error}")
    return done


def _owner(intervention: str, gate: Gate) -> str:
    """The cause on whose page this is the smallest fix, else any of whose fixes it is."""

    def place(cause: Cause) -> tuple[int, str]:
        return cause.fixes.index(intervention), cause.code

    owners = [c for c in all_causes() if intervention in c.fixes and relevant(c, gate.problem)]
    return min(owners, key=place).code if owners else ""


def answer(strategy: str, subject: Subject, budget: float, seed: int) -> tuple[Answer, str]:
    """What the strategy says of one model, and the pattern of its outputs."""
    book = measure_all(subject, seed=seed)
    gate = read_gate(book)
    if needs_replay(gate):
        gate = read_gate(book, replay_only(subject, book, budget, seed, Silent()))
    pattern = gate.symptom.pattern
    if gate.problem in ("none", "unknown"):
        return Answer("healthy" if gate.problem == "none" else "undecided"), pattern
    engine = engine_for(subject, book, seed)
    if isinstance(engine, str):
        return Answer("undecided"), pattern
    tell = trials_only if strategy == "trials-only" else random_search
    return tell(engine, book, gate, budget, seed), pattern


def report(strategy: str, subjects: Sequence[Subject], budget: float, seed: int) -> dict[str, Any]:
    """A report with what `benchmarks.accuracy` reads of defib's own."""
    entries = []
    for subject in subjects:
        said, pattern = answer(strategy, subject, budget, seed)
        entries.append({
            "outcome": said.outcome,
            "symptom": {"pattern": pattern},
            "causes": [{"code": code, "because": ""} for code in said.causes],
            "fix": {"interventions": said.fix, "verified": said.verified} if said.fix else None,
        })  # fmt: skip
    return {"diagnoses": entries}


def main() -> int:
    """Run the program, then the strategy."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("strategy", choices=STRATEGIES)
    parser.add_argument("--budget", type=float, default=20.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("program", nargs="+")
    args = parser.parse_args()
    outcome = run_script(args.program[0], args.program[1:])
    args.out.write_text(json.dumps(report(args.strategy, outcome.subjects, args.budget, 0)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

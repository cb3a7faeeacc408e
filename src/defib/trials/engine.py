"""The serial engine: one arm, one seed at a time, on a clone. The oracle for every faster engine."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from defib.probes.labels import Task
from defib.read_symptom import read_symptom
from defib.recipe import Arm
from defib.skill_against_reference import WEAK, Yardstick
from defib.subject import AnyArray, FloatArray, Rows, Subject, Trained
from defib.trials.asking import Asked
from defib.trials.judge import Run, recovery
from defib.trials.served import Serving

HELD_OUT_SHARE = 0.3
MIN_HELD_OUT = 6
"""Fewer rows cannot rank anything: no trial is run."""
MAX_HELD_OUT = 2000
ANEW = 1000
"""Added to a seed where the program asked weights that were drawn anew."""


@dataclass(frozen=True)
class Split:
    """Rows the arms train on, and rows that neither arm sees."""

    fit: Rows
    held_out: Rows


def class_ids(y: AnyArray) -> NDArray[np.int64] | None:
    """Class of each row for stratifying, ``(n_rows,)``; ``None`` when there are too many values to be classes."""
    flat = np.asarray(y).reshape(len(y), -1)
    if flat.shape[1] > 1:
        return None if len(np.unique(flat, axis=0)) > 50 else np.unique(flat, axis=0, return_inverse=True)[1].ravel()
    values, ids = np.unique(flat[:, 0], return_inverse=True)
    return ids.astype(np.int64) if len(values) <= min(50, len(flat) // 3) else None


def split_rows(rows: Rows, seed: int) -> Split | None:
    """Hold out 30 % of the rows, in every class; the order of the rows is kept (it may be the fault).

    Returns ``None`` when fewer than `MIN_HELD_OUT` rows would be left to judge on.
    """
    assert rows.y is not None
    parts = parted(rows.y, seed)
    if parts is None:
        return None
    fit, held = parts
    return Split(Rows(rows.X[fit], rows.y[fit]), Rows(rows.X[held], rows.y[held]))


def parted(y: AnyArray, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Places of the rows to train on and of those held out, for labels ``(n_rows, ...)``; see `split_rows`."""
    rng = np.random.default_rng(seed)
    ids = class_ids(y)
    groups = [np.arange(len(y))] if ids is None else [np.flatnonzero(ids == k) for k in np.unique(ids)]
    drawn = [rng.permutation(group) for group in groups if len(group) > 1]
    chosen = [group[: max(1, round(HELD_OUT_SHARE * len(group)))] for group in drawn]
    held = np.sort(np.concatenate(chosen)) if chosen else np.empty(0, dtype=int)
    if len(held) < MIN_HELD_OUT:
        return None
    mask = np.ones(len(y), dtype=bool)
    mask[held] = False
    return np.flatnonzero(mask), held[np.linspace(0, len(held) - 1, min(len(held), MAX_HELD_OUT)).astype(int)]


def _risen(losses: FloatArray) -> float | None:
    """Highest loss over the first one."""
    known = np.asarray(losses, dtype=np.float64)
    known = known[np.isfinite(known)]
    return float(known.max() / known[0]) if len(known) and known[0] > 0 else None


@final
class SerialEngine:
    """Trains arms one after the other and scores each on the held-out rows.

    ``served``: how the program prepares rows to predict; ``asked``: how it asks its network. Both are done to every arm
    but the one that mends it, which shares its clones with the control: nothing more is trained for it. ``before``: the
    same rows in the same parts as they were before a step (`Arm.rows`). ``beside``: how the program prepares rows to
    predict where that may be a second fault: every clone is scored on such rows as well, and nothing more is trained.
    """

    def __init__(
        self,
        subject: Subject,
        split: Split,
        *,
        task: Task,
        reference_score: float,
        reference_usable: float | None = None,
        yardstick: Yardstick = "skill",
        served: Serving | None = None,
        asked: Asked | None = None,
        before: Split | None = None,
        beside: Serving | None = None,
        straight: bool = False,
    ) -> None:
        self.subject = subject
        self.split = split
        self.before = before
        self.task: Task = task
        self.reference_score = reference_score
        self.reference_usable = reference_usable
        self.yardstick = yardstick
        self.served = served
        self.asked = asked
        self.beside = beside
        self.straight = straight
        self._clones: dict[int, Trained] = {}

    def run(self, arm: Arm, seed: int, deadline: float) -> Run:
        """Train one arm. Raises `defib.subject.BudgetExceeded` past the deadline (``time.monotonic``)."""
        started = time.monotonic()
        trained = self._trained(arm, seed, deadline)
        rows = self.split_of(arm).held_out.X
        if self.served is not None and arm.serving == "as_recorded":
            rows = self.served(rows)
        run = self._judge(self._answers(trained, arm, rows, seed), trained.link, seed, started)
        run = replace(run, rose_to=_risen(trained.loss))
        return run if self.beside is None else replace(run, as_served=self._served_too(trained, rows, run, self.beside))

    def _served_too(self, trained: Trained, rows: AnyArray, run: Run, beside: Serving) -> Run | None:
        """The same clone on the rows as the program serves them; ``None`` where it cannot be asked for these."""
        try:
            outputs = trained.predict(beside(rows))
        except Exception:  # what is tried beside the trial must not end it
            return None
        return replace(self._judge(outputs, trained.link, run.seed, time.monotonic()), seconds=0.0)

    def split_of(self, arm: Arm) -> Split:
        """The rows of this arm."""
        return self.before if arm.rows == "before" and self.before is not None else self.split

    def _trained(self, arm: Arm, seed: int, deadline: float) -> Trained:
        """The clone; the one of the control where only the asking differs."""
        as_recorded = self.asked is not None and replace(arm, serving="as_recorded") == Arm()
        if as_recorded and seed in self._clones:
            return self._clones[seed]
        trained = self.subject.train(arm, self.split_of(arm).fit, seed=seed, deadline=deadline)
        if as_recorded:
            self._clones[seed] = trained
        return trained

    def _answers(self, trained: Trained, arm: Arm, rows: AnyArray, seed: int) -> FloatArray:
        """What the program would have been answered."""
        if self.asked is not None and arm.serving == "as_trained" and self.asked.rightly is not None:
            return self.asked.rightly(self.subject, trained, arm, rows, self.split.fit.X)
        if self.asked is None or arm.serving == "as_trained":
            return trained.predict(rows)
        if self.asked.weights != "trained":
            drawn = seed + (ANEW if self.asked.weights == "drawn" else 0)
            trained = self.subject.train(replace(arm, stop_after=self.asked.updates), self.split.fit, seed=drawn)
        return self.asked.answer(self.subject, trained, arm, rows)

    def _judge(self, outputs: FloatArray, link: str, seed: int, started: float) -> Run:
        held_out = self.split.held_out
        symptom = read_symptom(outputs, link=link, y=held_out.y, task=self.task, straight=self.straight)
        skill = symptom.skill
        score = skill.value if skill is not None else float("nan")
        usable = None if skill is None else skill.usable
        interval = None if skill is None else skill.usable_interval
        return Run(
            seed=seed,
            recovery=self._recovery(score, usable, flat=symptom.is_flat or self._is_of_no_use(interval)),
            score=score,
            spread=symptom.prediction_spread,
            flat=symptom.is_flat,
            seconds=time.monotonic() - started,
            score_interval=skill.interval if skill is not None else (float("nan"), float("nan")),
            n_rows=len(held_out),
            usable=usable,
            usable_interval=interval,
        )

    def judged_again(self, run: Run) -> Run:
        """A run of the same arm, seed and split, by this engine's yardstick: nothing is trained twice."""
        flat = run.flat or self._is_of_no_use(run.usable_interval)
        served = None if run.as_served is None else self.judged_again(run.as_served)
        return replace(run, recovery=self._recovery(run.score, run.usable, flat=flat), as_served=served)

    def _is_of_no_use(self, interval: tuple[float, float] | None) -> bool:
        """It may rank the rows, and tells as it stands what the gate calls hardly more than a constant would."""
        return self.reference_usable is not None and interval is not None and interval[1] < WEAK * self.reference_usable

    def _recovery(self, score: float, usable: float | None, *, flat: bool) -> float:
        judged = score if self.yardstick == "skill" or usable is None else usable
        # Outputs that rank but are flat, or give every row one label, have brought nothing back that a user could see.
        return recovery(float("nan") if flat else judged, self.reference_score)

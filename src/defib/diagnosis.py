"""The Diagnosis and what it is made of. Frozen values; the ranking rule is in `defib.ranking`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from defib.symptom import Symptom

Verdict = Literal["supported", "ruled_out", "inconclusive", "not_applicable"]
Outcome = Literal["cause_found", "nothing_wrong", "undecided", "healthy"]


DECISIVE = 0.9
"""Weight from which on the mechanism alone proves the cause: no trial that fails can take it back."""


@dataclass(frozen=True)
class Spot:
    """A part of the labels or of the weights."""

    kind: Literal["class", "weights"]
    name: str
    """The class as the labels have it, or names of weights (the first few)."""
    group: int | None = None
    """Number of the optimizer's parameter group that holds the weights, from 0; ``None``: none does, or not known."""


@dataclass(frozen=True)
class Assessment:
    """A cause held against the evidence: a verdict, one sentence, the numbers behind it.

    ``because`` completes a sentence, starts lower case, has no full stop and no code in it:
    "the 30 input columns reach a root mean square of 1,200 while the first layer expects about 1".
    """

    verdict: Verdict
    because: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    """The figures that carry the verdict, most telling first; names carry units."""
    layer: str | None = None
    """Layer the fault sits in."""
    weight: float = 0.5
    """How decisive the mechanism evidence is, in [0, 1]: 1 = the mechanism itself was observed and nothing else
    produces it; 0.5 = typical pattern seen, look-alikes remain. Never printed (it is not calibrated)."""
    own: bool = False
    """Seen by itself, whatever else is wrong (a schedule, a first step): never the mechanism of another cause."""
    since: int | None = None
    """Update after which it was so: 0 = before the first step; ``None``: not known. What began later is never the
    origin of what was there before."""
    where: tuple[Spot, ...] = ()
    """Classes or weights the fault sits in."""


def supported(because: str, *, weight: float, layer: str | None = None, **numbers: float) -> Assessment:
    """The mechanism was observed."""
    return Assessment("supported", because, numbers, layer, weight)


def by_itself(one: Assessment) -> Assessment:
    """The same assessment, of something that no other cause explains."""
    return replace(one, own=True)


def located(one: Assessment, *spots: Spot | None) -> Assessment:
    """The same assessment with the classes or weights that the fault sits in; ``None`` is none."""
    return replace(one, where=tuple(spot for spot in spots if spot is not None))


def from_update(one: Assessment, since: int | None) -> Assessment:
    """The same assessment with the update after which it was so."""
    return replace(one, since=since)


def ruled_out(because: str, *, layer: str | None = None, **numbers: float) -> Assessment:
    """The mechanism was looked for and is not there."""
    return Assessment("ruled_out", because, numbers, layer, 0.0)


def inconclusive(because: str, *, weight: float = 0.2, layer: str | None = None, **numbers: float) -> Assessment:
    """Some of the pattern is there; a trial or more data would decide."""
    return Assessment("inconclusive", because, numbers, layer, weight)


def not_applicable(because: str) -> Assessment:
    """This Subject cannot have the fault ("the model has no batch normalization")."""
    return Assessment("not_applicable", because, {}, None, 0.0)


@dataclass(frozen=True)
class Place:
    """A line of the user's program."""

    file: str
    line: int
    """Counted from 1."""
    text: str = ""
    """What stands there, without indentation; empty where the file could not be read."""


@dataclass(frozen=True)
class Hypothesis:
    """A cause with its assessment, as ranked."""

    code: str
    name: str
    assessment: Assessment
    mechanism_of: str | None = None
    """Code of the supported cause whose consequence this one is, if any (cause before mechanism)."""
    tied_with: tuple[str, ...] = ()
    """Codes that the evidence and the trials do not tell apart from this one."""
    indistinct: tuple[str, ...] = ()
    """Those of them that no experiment tells apart; the others are factors of a product."""
    at: Place | None = None
    """The line that carries the fault, or the call at which it shows; ``None`` where no program was seen."""


@dataclass(frozen=True)
class NotAssessed:
    """A cause that could not be judged."""

    code: str
    name: str
    needs: str


TOGETHER = " + "


def changes_in(name: str) -> tuple[str, ...]:
    """The interventions that a trial of this name made: one, or two joined by `TOGETHER`."""
    return tuple(name.split(TOGETHER))


HELPED = 0.1
"""A tenth of the reference learner's skill: less is no part of the way."""


@dataclass(frozen=True)
class Trial:
    """One intervention (or the control) trained several times on a clone and judged on rows not trained on."""

    intervention: str
    """Name of the intervention, or ``control``; two that were made together are joined by `TOGETHER`."""
    arm: Literal["control", "treated"]
    does: str
    """What was changed, in words ("standardize the inputs, everything else as recorded")."""
    seeds: tuple[int, ...]
    recovery: tuple[float, ...]
    """Per seed: 0 = a constant, 1 = as good as the reference learner; may be negative or above 1."""
    prediction_spread: tuple[float, ...]
    score: tuple[float, ...]
    """Per seed, gini or r2 on the held-out rows."""
    effect: float | None = None
    """Mean paired difference of recovery to the control."""
    interval: tuple[float, float] | None = None
    """95 % interval of the effect."""
    sufficient: bool = False
    undecided: bool = False
    """It recovered on some seed, but too few seeds were run, or they disagree: neither sufficient nor insufficient."""
    seconds: float = 0.0
    note: str = ""

    @property
    def changes(self) -> tuple[str, ...]:
        """The interventions that were made, one or two.

        >>> Trial("a + b", "treated", "", (), (), (), ()).changes
        ('a', 'b')
        """
        return changes_in(self.intervention)

    @property
    def partial(self) -> bool:
        """Better than the control beyond doubt, by a margin that matters, and not enough."""
        helps = self.interval is not None and self.interval[0] > 0 and (self.effect or 0.0) >= HELPED
        return helps and not self.sufficient and not self.undecided


@dataclass(frozen=True)
class Fix:
    """The smallest change that was found."""

    interventions: tuple[str, ...]
    verified: bool
    """Whether a trial showed it sufficient (control against treated, same rows and budget, at least 3 seeds)."""
    code: str
    """What to write, in the user's framework."""
    says: str
    """One sentence: what to change and where."""
    alternatives: tuple[str, ...] = ()
    """Other interventions that were sufficient."""
    insufficient: tuple[str, ...] = ()
    """Well-known fixes that were tried and were not."""


@dataclass(frozen=True)
class Measured:
    """What the diagnosis was made from, for drawing it; a Recording holds it as events of its own."""

    trace: Any = None
    """A `defib.subject.TrainingTrace`."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Name of the class → the evidence."""


@dataclass(frozen=True)
class Diagnosis:
    """What defib says about one model."""

    model: str
    framework: str
    symptom: Symptom
    outcome: Outcome
    headline: str
    """One sentence: is it flat, and because of what."""
    causes: tuple[Hypothesis, ...]
    """Supported only, best first."""
    ruled_out: tuple[Hypothesis, ...]
    inconclusive: tuple[Hypothesis, ...]
    not_applicable: tuple[Hypothesis, ...]
    not_assessed: tuple[NotAssessed, ...]
    trials: tuple[Trial, ...]
    fix: Fix | None
    first_equal_layer: str | None
    """Where the rows become equal at the end of the training."""
    course: tuple[str, ...] = ()
    """What broke when, in the order of time, as clauses: "after update 3 every unit of dense_1 is dead"."""
    replayed_batches: bool = False
    """The course was found with the very batches of the training; else in a replay with an order of its own."""
    notes: tuple[str, ...] = ()
    """What was sampled, what broke inside, what the budget left out."""
    next_command: str = ""
    seconds: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    measured: Measured = field(default_factory=Measured, repr=False, compare=False, metadata={"recorded": False})
    """The evidence and the trace, for the figures; no part of what the Diagnosis says."""

    def to_dict(self) -> dict[str, Any]:
        """This diagnosis as one entry of ``diagnoses`` in the JSON report."""
        from defib.reporters.json import diagnosis_to_dict

        return diagnosis_to_dict(self)

    def save(self, path: str | Path) -> Path:
        """Write a report; the file's ending chooses the format (``.json``, ``.html``, ``.png`` …). Returns the path."""
        from defib.reporters import write_report

        return write_report([self], Path(path))

    def plot(self, kind: str) -> Any:
        """One figure as an `altair.Chart`: to show in a notebook, to change, to save.

        Args:
            kind: ``predictions``, ``layers``, ``loss``, ``inputs``, ``gradients``, ``updates``, ``paths``,
                ``trials``.

        Raises:
            defib.errors.InputError: for another kind, or one of which nothing was recorded.
            defib.errors.MissingFrameworkError: when Altair is not installed (``pip install 'defib[plots]'``).
        """
        from defib.reporters.plot import chart

        return chart(self, kind)

    def _repr_html_(self) -> str:
        """As a notebook shows it."""
        from defib.reporters.html import fragment

        return fragment(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """As a notebook shows it: HTML, and text for one that shows none."""
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def __str__(self) -> str:
        from defib.reporters.terminal import render_text

        return render_text(self)

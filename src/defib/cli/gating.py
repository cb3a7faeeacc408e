"""``--fail-on`` and ``--baseline``: the options of every verb that reads a symptom, and what they make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from defib.diagnosis import Diagnosis
    from defib.findings import Finding


class FailOn(StrEnum):
    """What makes the exit code 1; see `defib.findings`."""

    flat = "flat"
    nan = "nan"
    one_class = "one-class"
    any = "any"


FailOnOption = Annotated[
    list[FailOn] | None,
    typer.Option("--fail-on", metavar="flat|nan|one-class|any", help="Exit 1 when such a model is found. Repeatable."),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline", metavar="FILE", help="A JSON report of an earlier run: what it found does not fail this one."
    ),
]


@dataclass(frozen=True)
class Gate:
    """What ``--fail-on`` and ``--baseline`` made of the diagnoses."""

    failing: tuple[Diagnosis, ...]
    accepted: tuple[int, ...]
    """Indices of the diagnoses all of whose findings the baseline holds."""

    @property
    def exit_code(self) -> int:
        """1 when something fails."""
        return int(bool(self.failing))


def kinds(fail_on: Sequence[FailOn] | None) -> tuple[str, ...]:
    """The kinds that were asked for."""
    return tuple(one.value for one in fail_on or ())


def known(baseline: Path | None) -> frozenset[Finding]:
    """What the baseline holds; nothing without one. Raises `InputError` when it is none."""
    from defib.findings import read_baseline

    return frozenset() if baseline is None else read_baseline(baseline)


def held(done: Sequence[Diagnosis], fail_on: Sequence[str], accepted: frozenset[Finding], err: IO[str]) -> Gate:
    """Hold the diagnoses to the gate; say what makes the exit code 1, and what was known before."""
    from defib.findings import failing, findings_of

    old = tuple(index for index, one in enumerate(done) if findings_of(one) and findings_of(one) <= accepted)
    for index in old:
        err.write(f"defib: what was found about {done[index].model} is in the baseline\n")
    found = failing(done, fail_on, accepted)
    for one in found:
        err.write(f"defib: {one.model} fails --fail-on {' and '.join(fail_on)}\n")
    return Gate(found, old)

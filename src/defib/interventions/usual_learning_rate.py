"""The optimizer's customary learning rate, where the recorded one is less than a hundredth of it."""

from __future__ import annotations

from defib.evidence import Book, Missing
from defib.interventions import Intervention
from defib.interventions._steps import rate_code
from defib.probes.training import TrainingFacts
from defib.recipe import Arm

BEYOND = 100.0
"""Factor that step-times-100 reaches."""


def _factor(book: Book) -> float:
    share = book.get(TrainingFacts).rate_over_usual
    if not share:
        raise Missing("TrainingFacts", "an optimizer whose customary learning rate is known")
    return 1.0 / share


def _applies(book: Book) -> str | None:
    if book.get(TrainingFacts).rate_over_usual == 0 or _factor(book) > BEYOND:
        return None
    return "the learning rate is within a hundredth of the customary one"


def _code(book: Book, framework: str) -> str:
    training = book.get(TrainingFacts)
    if training.rate_over_usual == 0:
        return rate_code(book, framework, 1.0, training.usual_learning_rate)
    return rate_code(book, framework, _factor(book))


def _arm(book: Book) -> Arm:
    """A factor brings no rate of 0 anywhere."""
    training = book.get(TrainingFacts)
    if training.rate_over_usual == 0 and training.usual_learning_rate is not None:
        return Arm().with_edit("woken_rate", training.usual_learning_rate)
    return Arm(learning_rate_factor=_factor(book))


INTERVENTION = Intervention(
    name="usual-learning-rate",
    does="set the learning rate to the optimizer's customary one",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=1,
)

"""Readings of the Book that several causes share. Pure; a private module, not a cause."""

from __future__ import annotations

import math
from collections.abc import Sequence

from defib.diagnosis import Assessment, ruled_out
from defib.evidence import Book, E
from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.embeddings import EmbeddingFacts
from defib.probes.head import HeadFacts
from defib.probes.inputs import ServingFacts
from defib.probes.labels import LabelFacts
from defib.probes.loading import LoadingFacts
from defib.probes.modes import ModeFacts
from defib.probes.outputs import HALF_WAY, STRANGE, SymptomFacts
from defib.probes.remembered import MemoryFacts
from defib.probes.shown import ShownFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.skill_against_reference import is_weak, memorized, squeezed, tells_little, usable_behind
from defib.symptom import Skill, Symptom
from defib.wording import percent, score

WEIGHTED = frozenset({"dense", "conv", "recurrent", "attention", "embedding"})
"""Kinds of layer that hold weights; what comes after the last of them belongs to the head."""
RELU_LIKE = frozenset({"relu", "relu6"})
"""Activations with an exactly flat side; a leaky one cannot die."""
SATURATING = frozenset({"sigmoid", "hard_sigmoid", "tanh", "softmax", "log_sigmoid"})
SATURATED = 0.95
"""Share of (row, unit) cells at an end of the range from which on a layer passes nothing on."""
EQUAL_ROWS = 1e-4
"""Relative spread below which rows are equal for the layers behind (the probe's own threshold)."""
MOSTLY = 0.5
"""Share of the values to predict that lie beyond the head's ends, from which on the others are the lesser part."""
UNSAYABLE = 0.05
"""Share of rows of classes without an output from which on it is a fault: fewer may be typing errors in the labels."""
ELSEWHERE_SD = 100.0
"""Standard deviations that no drift of a column's mean covers: another unit, or another zero."""
HALF_OF_THEM = 0.5
"""Share of the columns in another unit from which on skill on rows in the training's unit says nothing."""
LOST_SPREAD = 5.0
"""Where no labels are known: spread in training mode over that in evaluation mode."""
NORMAL_LOGIT_SPREAD = 0.3
"""A calibrated model with logit spread s has an AUC of about Φ(s/√2): 0.3 is AUC .58, the least worth having. It
does not depend on the prior, as the spread of a probability does."""


def num(value: float) -> str:
    """A number for a sentence.

    >>> num(1234.5), num(0.25), num(3e-7), num(12), num(float("inf")), num(1e7), num(-0.0)
    ('1,234', '0.25', '3e-07', '12', 'infinite', '1e+07', '0')
    """
    if not math.isfinite(value):
        return "infinite" if math.isinf(value) else "NaN"
    if value == 0 or 1e-3 <= abs(value) < 1e3:
        return f"{value + 0.0:.3g}"  # no zero is below zero
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e6 else f"{value:.2g}"


def row_text(cells: Sequence[float]) -> str:
    """The first cells of a row that all rows are, in brackets; nothing where they are not known.

    >>> row_text((0.0, 0.0, 0.0)), row_text((0.0, 1.0, 1.0)), row_text(())
    (' (0, 0, 0 …)', ' (0, 1, 1 …)', '')
    """
    return f" ({', '.join(num(one) for one in cells)} …)" if len(cells) else ""


def count(number: int, what: str) -> str:
    """A number of things.

    >>> count(1, "cell"), count(1200, "cell")
    ('1 cell', '1,200 cells')
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def place(layer: str | None) -> str:
    """A layer in a sentence; one that is only numbered is called a layer.

    >>> place("fc1:relu"), place("2")
    ('fc1:relu', 'layer 2')
    """
    if layer is None:
        return "the network"
    return f"layer {layer}" if layer[:1].isdigit() else layer


def cells(state: LayerState) -> str:
    """How much of a layer is saturated, in a sentence.

    >>> cells(LayerState("1", "activation", "tanh", None, 0.5, 0.1, 0.1, 0.9))
    '50 % of the cells of layer 1'
    """
    return f"{percent(state.saturated_fraction or 0.0)} of the cells of {place(state.layer)}"


def ranking(skill: Skill) -> str:
    """A skill in a sentence; ranks are told as an AUC, as everywhere in the report.

    >>> ranking(Skill("gini", 0.5, (0.4, 0.6), 100, "held_out")), ranking(Skill("r2", 0.5, (0.4, 0.6), 100, "training"))
    ('AUC 0.75', 'R² 0.50')
    """
    return f"AUC {(skill.value + 1) / 2:.2f}" if skill.metric == "gini" else f"R² {score(skill.value)}"


def maybe(book: Book, kind: type[E]) -> E | None:
    """The evidence, or ``None``: for what only sharpens a verdict."""
    return book.get(kind) if book.has(kind) else None


def seen(book: Book) -> Symptom:
    """The symptom of the predict rows as the user saw them."""
    return book.get(SymptomFacts).symptom


def untouched(book: Book) -> bool:
    """No weight moved in a training that was seen: what skill there is, is a random network's luck."""
    updates, training = maybe(book, UpdateFacts), maybe(book, TrainingFacts)
    return updates is not None and training is not None and updates.moved_fraction == 0


def none_of_the_trainable_stepped(updates: UpdateFacts) -> bool:
    """What is not frozen, a new head say, is left out by the optimizer, all of it: freezing the others kept nothing."""
    free = [move for move in updates.parameters if move.why_unmoved != "frozen"]
    return bool(free) and all(move.why_unmoved == "not_in_optimizer" for move in free)


def unsayable(book: Book) -> float | None:
    """Share of the labels that the head has no value for however well it ranks the others, in [0, 1].

    Classes under a single sigmoid and a binary cross-entropy: class 2 comes out at the end of the range, beyond class
    1, and is called class 1. Values, most of which lie beyond an end of the head's range: they can only be missed.
    ``None`` when it is no share to speak of, or the labels are two classes.
    """
    head = maybe(book, HeadFacts)
    if head is None:
        return None
    ended = math.isfinite(head.output_low) or math.isfinite(head.output_high)
    if ended and head.n_classes is None and head.activation is not None:
        return head.labels_outside if head.labels_outside >= MOSTLY else None
    if head.units != 1 or head.loss_kind != "binary_cross_entropy" or (head.n_classes or 0) < 3:
        return None
    return head.labels_outside if head.labels_outside >= UNSAYABLE else None


def learnt(symptom: Symptom, book: Book) -> bool:
    """Skill is shown on rows that were not trained on, and is more than a trace of what the rows hold."""
    skill = symptom.skill
    if skill is None or skill.rows == "training" or not skill.shown or untouched(book):
        return False
    return not is_weak(skill, book) and not tells_little(symptom, book)


def ranks(book: Book) -> bool:
    """The outputs order the rows by more than what was memorized, or the luck of weights that never moved."""
    skill = seen(book).skill
    return skill is not None and skill.shown and not memorized(skill, book) and not untouched(book)


def logit_spread(book: Book) -> float:
    """Standard deviation of the logits across rows, 0 where there are none.

    An output without an activation under a squared error on labels 0 and 1 estimates the probability p itself, not its
    logit: sd(logit) is then about sd(p) / (p (1 - p)) at the base rate p (delta method).
    """
    symptom, head, labels = seen(book), maybe(book, HeadFacts), maybe(book, LabelFacts)
    spread = symptom.logit_spread or 0.0
    if symptom.output_kind != "logit" or head is None or labels is None or head.loss_kind != "squared_error":
        return spread
    if labels.task != "binary" or (labels.minimum, labels.maximum) != (0.0, 1.0):
        return spread
    p = labels.mean
    return symptom.prediction_spread / (p * (1 - p))


def fine(book: Book) -> Assessment | None:
    """The verdict for a fault of the network when it has skill, or only what was served is flat; else ``None``."""
    return served_fine(book) or _only_served_flat(book) or _only_labels_flat(book)


def _only_labels_flat(book: Book) -> Assessment | None:
    symptom = seen(book)
    if symptom.pattern != "one_class" or symptom.skill is None or not ranks(book):
        return None
    if logit_spread(book) < NORMAL_LOGIT_SPREAD:
        return None
    return ruled_out(
        f"the outputs rank the rows ({ranking(symptom.skill)}) in a normal spread; only the label is constant",
        skill=symptom.skill.value,
        logit_spread=logit_spread(book),
    )


def _only_served_flat(book: Book) -> Assessment | None:
    facts = book.get(SymptomFacts)
    training = facts.training_symptom
    strange = served_by_another(book)
    if not (facts.symptom.is_flat or strange) or training is None or training.pattern != "varied":
        return None
    if training.skill is None or not training.skill.shown:
        return None
    what = "another one, without the trained weights, predicted" if strange else "only what was served is flat"
    return ruled_out(
        f"the network tells its training rows apart ({ranking(training.skill)}); {what}",
        training_skill=training.skill.value,
        training_spread=training.prediction_spread,
    )


def served_fine(book: Book) -> Assessment | None:
    """The verdict when nothing is wrong with the predictions, else ``None``."""
    symptom = seen(book)
    strange = served_on_another_scale(book) or served_unknown_tokens(book)
    if symptom.pattern != "varied" or not learnt(symptom, book) or strange:
        return None
    assert symptom.skill is not None
    return ruled_out(
        f"the predictions vary and keep a skill of {num(symptom.skill.value)} on rows not trained on",
        skill=symptom.skill.value,
        prediction_spread=symptom.prediction_spread,
    )


def served_on_another_scale(book: Book) -> bool:
    """The rows served are the training rows' kind in another unit, and no label says how the network does on them."""
    facts = maybe(book, ServingFacts)
    if facts is None or _labels_say(book, facts):
        return False
    far = facts.shifted_fraction >= HALF_OF_THEM and facts.median_shift_sd >= ELSEWHERE_SD
    return facts.affine is not None or far or facts.rescaled_fraction >= HALF_OF_THEM


def served_unknown_tokens(book: Book) -> bool:
    """Most rows served hold no token that tells training rows apart, and no label says how the network does on them."""
    facts = maybe(book, ServingFacts)
    return facts is not None and not _labels_say(book, facts) and facts.unknown_token_rows > HALF_OF_THEM


def _labels_say(book: Book, facts: ServingFacts) -> bool:
    """The skill is that of the rows served, which are told apart as they should be.

    Rows that were evaluated with labels beside them are others; and a ranking may hold where the outputs as they stand
    no longer do.
    """
    skill = seen(book).skill
    own = skill is not None and skill.rows == "held_out" and not facts.others_labelled
    return own and not usable_behind(skill, book)


def served_by_another(book: Book) -> bool:
    """Another instance predicted, with weights that have nothing in common with the trained ones, or lag behind."""
    facts = maybe(book, LoadingFacts)
    if facts is None or not facts.another_instance:
        return False
    return abs(facts.likeness_to_trained) < STRANGE or lags(facts)


def lags(facts: LoadingFacts) -> bool:
    """The weights that predicted are on the way to the trained ones, and nearer to its start."""
    return facts.another_instance and facts.way is not None and facts.way < HALF_WAY


def pressed_together(book: Book) -> bool:
    """A loss that compares the network's own answers for several rows has brought them to one point."""
    facts = maybe(book, EmbeddingFacts)
    return facts is not None and facts.together


def shown_constant(book: Book) -> bool:
    """The outputs are fine, and the program shows one value of them all: cut, rounded, kept in one buffer, cached."""
    facts = maybe(book, ShownFacts)
    return facts is not None and bool(facts.displays or facts.alias or facts.cache or facts.overwritten)


def answered_from_memory(book: Book) -> bool:
    """The network kept something of the rows of one call, and answers those of later calls from it."""
    facts = maybe(book, MemoryFacts)
    return facts is not None and facts.of_others


def lost_in_training_mode(book: Book) -> bool:
    """The program predicted in training mode, and kept less than a fifth of what evaluation mode tells of its rows."""
    modes = maybe(book, ModeFacts)
    if modes is None or not modes.served_in_training or modes.served_spread is None:
        return False
    return modes.evaluation_spread is not None and modes.served_spread < modes.evaluation_spread / LOST_SPREAD


def flat_in_training(book: Book) -> bool:
    """The network itself is flat, or squeezed: on its training rows, or, where those are not known, on those served."""
    facts = book.get(SymptomFacts)
    symptom = facts.training_symptom or facts.symptom
    return symptom.is_flat or squeezed(symptom)


def alive_in_training(book: Book) -> Assessment | None:
    """The verdict for a fault inside the network when it is not flat on its own training rows, else ``None``."""
    if flat_in_training(book):
        return None
    facts = book.get(SymptomFacts)
    spread = (facts.training_symptom or facts.symptom).prediction_spread
    return ruled_out(
        f"the network's outputs differ between its training rows (spread {num(spread)})", training_spread=spread
    )


def hidden(states: Sequence[LayerState]) -> tuple[LayerState, ...]:
    """The layers in front of the last one that holds weights: everything but the head."""
    last = max((i for i, state in enumerate(states) if state.kind in WEIGHTED), default=0)
    return tuple(states[:last])


def saturated_hidden(states: Sequence[LayerState]) -> LayerState | None:
    """The first hidden layer whose cells are nearly all at an end of their range."""
    return next((s for s in hidden(states) if (s.saturated_fraction or 0.0) > SATURATED), None)


def dead_hidden(states: Sequence[LayerState]) -> LayerState | None:
    """The first hidden layer whose units are 0 on all rows."""
    return next((s for s in hidden(states) if s.dead_fraction == 1.0), None)


def collapsed_from_start(book: Book) -> bool:
    """Rows were equal somewhere inside before the training began (and are not equal at the door)."""
    facts = maybe(book, ActivationFacts)
    return facts is not None and not facts.input_constant and facts.first_equal_initial is not None

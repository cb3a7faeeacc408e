"""The whole pipeline, top to bottom: where a reader starts.

A `Subject` is examined by the probes (`measure_all`), the gate says whether there is a problem (`read_gate`),
every cause is held against the evidence (`assess_all`), trials tell the survivors apart (`run_trials`), the
ranking rule orders them (`rank`), and the smallest change that was proven becomes the fix (`choose_fix`). The model
as a repair leaves it is looked at again for a second fault (`look_again`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from defib.asides import asides
from defib.assess import Assessments, assess_all, hold_to_control, hold_to_evidence, leading
from defib.catalogue import all_causes
from defib.causes import Cause
from defib.causes._power import rows_for, too_few_rows
from defib.causes._time import course
from defib.diagnosis import DECISIVE, Diagnosis, Fix, Hypothesis, Measured, Outcome, changes_in
from defib.errors import ModelError
from defib.evidence import Book, Evidence, Missing
from defib.examine import measure_all
from defib.fixing import can_be_tried, choose_fix, unmended, works_all_the_same
from defib.gate import Gate, needs_replay, read_gate
from defib.held_back import held_back
from defib.interventions.table import all_interventions
from defib.locate import with_places
from defib.own_names import with_own_names
from defib.probes.activations import ActivationFacts
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.looking import asks_for_the_mean
from defib.probes.looks import LookFacts, find_looks
from defib.probes.moments import MomentFacts, find_moments
from defib.probes.outputs import SymptomFacts
from defib.probes.reference import SignalFacts
from defib.ranking import Assessed, rank, settle
from defib.recipe import Arm, Recipe
from defib.second_look import look_again, second_faults, with_second_faults
from defib.skill_against_reference import Yardstick, ahead, can_be_used, usable_behind
from defib.subject import AnyArray, NotAvailable, Subject
from defib.symptom import Symptom
from defib.trials import Progress, Silent
from defib.trials.before import can_be_tried as tried_before
from defib.trials.before import with_signal_before
from defib.trials.both import SERVED, told_as_served
from defib.trials.engine import Split
from defib.trials.outcome import Campaign, Second
from defib.trials.run import asking, replay_only, run_trials
from defib.untouched import same_random_state
from defib.versions import versions
from defib.wording import NOTHING_LEFT, Left, headline, judging, needs_labels, next_command

MIN_BUDGET_SECONDS = 10.0
NO_TRIAL = "no trial was run"
LOOKS_SHARE = 0.05
"""Share of the trials' seconds, on top of them, that replays may take to show gradients and updates over time."""
MOMENTS_SHARE = 0.1
"""Share of the trials' seconds, on top of them, that replays may take to find when a layer broke."""


@dataclass(frozen=True)
class Options:
    """How far to go: seconds for trials (``None``: the user's own training time, at least 10), and the seed."""

    budget: float | None = None
    trials: bool = True
    seed: int = 0

    def seconds(self, subject: Subject) -> float:
        """Budget of all trials together, in seconds."""
        return self.budget if self.budget is not None else max(MIN_BUDGET_SECONDS, subject.trace.seconds)


@same_random_state()
def diagnose(
    model: Any,
    X: Any = None,
    y: Any = None,
    *,
    X_predict: Any = None,
    recipe: Recipe | None = None,
    budget: float | None = None,
    trials: bool = True,
    seed: int = 0,
) -> Diagnosis:
    """Diagnose a trained Keras, PyTorch, Flax NNX or scikit-learn model in memory, or a Subject of your own.

    Args:
        model: the trained model, looked at and never changed; or a ``Trainer`` of Transformers or Lightning after its
            training, or a `Subject`, which bring rows and recipe themselves.
        X: the rows it was trained on, ``(n_rows, ...)``, as they arrive at the model: an array or tensor; several of
            them by name or in order; a ``DataLoader``, ``Dataset``, ``tf.data.Dataset``, ``PyDataset`` or
            ``LightningDataModule`` that gives rows and labels.
        y: their labels, ``(n_rows, ...)``, as they arrive at the loss.
        X_predict: other rows whose predictions look constant; the training rows when not given.
        recipe: loss, optimizer, epochs and batch size where the model does not know them (PyTorch, or a loop of your
            own over a Keras model); without them no trial can be run, and the diagnosis says what it could not assess.
        budget: seconds for the trials (default: 10).
        trials: whether to try interventions on clones.
        seed: for splits, seeds of trials and reference learners.

    Raises:
        defib.errors.DefibError: for a model or rows that cannot be looked at, in three beats.
    """
    from defib.adapters import subject_of

    subject = subject_of(model, X, y, X_predict=X_predict, recipe=recipe or Recipe())
    return diagnose_subject(subject, budget=budget, trials=trials, seed=seed)


def saved_subject(path: Path, X: AnyArray, y: AnyArray | None = None, *, X_predict: AnyArray | None = None) -> Subject:
    """A Subject for a model in a file; what a file does not tell (how the training went) is not assessed.

    Raises what `defib.adapters.saved.load_model` and `diagnose` raise. A pickle runs code when it is loaded.
    """
    from defib.adapters import subject_of
    from defib.adapters.saved import load_model

    return subject_of(load_model(path), X, y, X_predict=X_predict, recipe=Recipe())


def diagnose_subject(
    subject: Subject,
    *,
    budget: float | None = None,
    trials: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
) -> Diagnosis:
    """Diagnose one Subject, however it was captured."""
    return examine(subject, Options(budget, trials, seed), progress or Silent())[0]


@same_random_state()
def examine(subject: Subject, options: Options, progress: Progress) -> tuple[Diagnosis, Book]:
    """The diagnosis and the evidence behind it."""
    started = time.monotonic()
    book = measure_all(subject, seed=options.seed)
    if not book.has(SymptomFacts):
        raise _unreadable(subject, book)
    gate = read_gate(book)
    replay = (
        replay_only(subject, book, options.seconds(subject), options.seed, progress)
        if (options.trials and needs_replay(gate) and not _one_label(book))
        else Campaign()
    )
    if replay.control:
        gate = read_gate(book, replay)
        book = with_symptom(book, gate.symptom)
    book = with_moments(subject, book, gate, options)
    found = assess_all(book, all_causes(), gate.problem)
    found = replace(found, assessed=hold_to_evidence(found.assessed, book, gate.problem))
    campaign = _with_replay(_campaign(subject, book, gate, found, replay, options, progress), replay)
    settled = settle(hold_to_control(found.assessed, campaign), campaign.outcomes)
    if options.trials and gate.problem not in ("none", "unknown"):
        book = _replayed(book, LookFacts, lambda: find_looks(subject, book, LOOKS_SHARE * options.seconds(subject)))
    diagnosis = _conclude(subject, book, gate, replace(found, assessed=settled), campaign, options)
    diagnosis = replace(diagnosis, notes=(*unmended(diagnosis, book), *diagnosis.notes))
    diagnosis = _placed(diagnosis, subject, book)
    return replace(diagnosis, seconds=time.monotonic() - started), book


def _unreadable(subject: Subject, book: Book) -> ModelError:
    """Nothing can be said of outputs that cannot be told apart by row."""
    why = book.failed.get("outputs") or f"needs {book.missing.get(SymptomFacts, 'outputs')}"
    return ModelError(
        "outputs-not-by-row",
        came=f"the outputs of {subject.name} could not be read row by row: {why}",
        expected="one output per row, rows along the first axis of what goes in",
        write="defib predictions p.npy --labels y.npy  # save what the program predicts, a row each",
    )


def with_symptom(book: Book, symptom: Symptom) -> Book:
    """The Book with the symptom as the gate read it, so that the causes see the same skill."""
    facts = replace(book.get(SymptomFacts), symptom=symptom)
    return replace(book, found={**book.found, SymptomFacts: facts})


def with_moments(subject: Subject, book: Book, gate: Gate, options: Options) -> Book:
    """The Book with the moments at which layers broke, where a short replay can show them."""
    if not options.trials or gate.problem not in ("flat", "weak"):
        return book
    return _replayed(book, MomentFacts, lambda: find_moments(subject, book, MOMENTS_SHARE * options.seconds(subject)))


def _replayed(book: Book, kind: type[Evidence], find: Callable[[], Evidence]) -> Book:
    """The Book with what a replay shows; with what it would need, where it cannot."""
    try:
        facts = find()
    except (Missing, NotAvailable) as lack:
        needs = lack.needs if isinstance(lack, Missing) else str(lack)
        return replace(book, missing={**book.missing, kind: needs})
    except Exception as error:  # a replay that breaks must not end the diagnosis
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return replace(book, failed={**book.failed, kind.__name__: reason})
    return replace(book, found={**book.found, kind: facts})


def _campaign(
    subject: Subject,
    book: Book,
    gate: Gate,
    found: Assessments,
    replay: Campaign,
    options: Options,
    progress: Progress,
) -> Campaign | None:
    if not options.trials or gate.problem == "none":
        return None
    if _one_label(book) and not tried_before(book):
        return Campaign(notes=("no trial was run: by labels that are all the same none can be judged",))
    ranked, beliefs = leading(found.assessed)
    book = with_signal_before(book)
    only_asked = asking(ranked, beliefs, book) is not None  # what is mended is how the network is asked
    if gate.problem in ("shown", "remembered", "unknown") and not (only_asked or _one_label(book)):
        return None
    if not only_asked and ranked and _nothing_to_repair(ranked[0], beliefs):
        if not SERVED & set(ranked[0].fixes):
            return None  # whatever a trial changed would be sold as a fix
        ranked = tuple(one for one in ranked if SERVED & set(one.fixes))
        beliefs = {one.code: beliefs[one.code] for one in ranked}
    # Where the order is learnt and the labels are not, a change must bring the labels back.
    skewed = gate.problem == "skewed" and usable_behind(gate.symptom.skill, book)
    ranks_only = (skewed or gate.problem in ("weak", "one_class")) and can_be_used(book) is not None
    yardstick: Yardstick = "usable" if ranks_only else "skill"

    def look(split: Split, name: str, arm: Arm, deadline: float, enough: bool) -> Second:
        return look_again(subject, book, split, name, arm, deadline=deadline, enough=enough)

    seconds, seed = options.seconds(subject), options.seed
    return run_trials(subject, book, ranked, beliefs, seconds, seed, progress, yardstick, replay.control, look)


def _one_label(book: Book) -> bool:
    return book.has(LabelFacts) and book.get(LabelFacts).n_distinct == 1


def _nothing_to_repair(cause: Cause, beliefs: Mapping[str, float]) -> bool:
    return is_harmless(cause.code, cause.stage) and beliefs[cause.code] >= DECISIVE


def _with_replay(campaign: Campaign | None, replay: Campaign) -> Campaign:
    """The campaign; the replay stands for its control when no trial was run."""
    if campaign is None:
        return replay
    if campaign.trials:
        return campaign
    said = any(note.startswith(NO_TRIAL) for note in campaign.notes)
    kept = [note for note in replay.notes if not (said and note.startswith(NO_TRIAL))]
    return replace(replay, notes=tuple(dict.fromkeys([*kept, *campaign.notes])))


def _conclude(
    subject: Subject, book: Book, gate: Gate, found: Assessments, campaign: Campaign, options: Options
) -> Diagnosis:
    causes = rank(found.assessed, campaign.outcomes)
    catalogue = {cause.code: cause for cause in all_causes()}
    outcome = _outcome(gate, causes, {code: cause.stage for code, cause in catalogue.items()})
    excluded = {one.cause.code for one in found.assessed if one.assessment.verdict == "ruled_out"}
    foreign = {one.cause.code for one in found.assessed if one.assessment.verdict == "not_applicable"}
    seconds = second_faults(campaign, causes, foreign)
    campaign = told_as_served(campaign, (*causes, *seconds))
    fix = choose_fix(causes, catalogue, all_interventions(), campaign.trials, book, subject.framework, excluded)
    fix = None if fix is None else replace(fix, code=subject.as_written(fix.code))
    layers = _equal_from(book.get(ActivationFacts)) if book.has(ActivationFacts) else None
    too_few = rows_for(book.get(SignalFacts)) if too_few_rows(book) else ""
    left = _left(subject, gate, book) if outcome == "healthy" else NOTHING_LEFT
    all_needed = any(worked and len(changes_in(name)) > 1 for name, worked in campaign.outcomes.items())
    diagnosis = Diagnosis(
        model=subject.name,
        framework=subject.framework,
        symptom=gate.symptom,
        outcome=outcome,
        headline=headline(gate, causes, outcome, too_few, all_needed=all_needed, left=left),
        causes=causes,
        ruled_out=_with(found.assessed, "ruled_out"),
        inconclusive=_with(found.assessed, "inconclusive"),
        not_applicable=_with(found.assessed, "not_applicable"),
        not_assessed=found.not_assessed,
        trials=campaign.trials,
        fix=fix,
        first_equal_layer=layers if gate.problem == "flat" else None,
        course=course(book) if outcome == "cause_found" else (),
        replayed_batches=book.has(MomentFacts) and book.get(MomentFacts).exact_batches,
        notes=(
            *subject.trace.notes,
            *_straight(subject, gate),
            *asides(book, subject.framework, named=frozenset(one.code for one in causes)),
            *_failures(book),
            *found.failed,
            *campaign.notes,
            *judging(gate.symptom, outcome, left),
            *works_all_the_same(campaign.trials, causes, catalogue, excluded),
        ),
        next_command=next_command(
            causes,
            outcome,
            _unsettled(found, campaign, gate),
            left.fault,
            _cut_short(campaign, fix, book, options.seconds(subject)),
            needs_labels=needs_labels(gate.symptom, outcome),
        ),
        versions=versions(subject.framework),
        measured=Measured(subject.trace, {type(one).__name__: one for one in book.found.values()}),
    )
    return with_second_faults(diagnosis, seconds)


def _equal_from(facts: ActivationFacts) -> str | None:
    """Where the rows became equal: before the first layer, where they came in so."""
    return "input" if facts.input_constant else facts.first_equal_end


def _left(subject: Subject, gate: Gate, book: Book) -> Left:
    """What a standard model is ahead by, and why; nothing of an autoencoder, whose rows any model can copy."""
    rows = subject.training
    copies = rows is not None and rows.y is not None and np.array_equal(rows.X, rows.y)
    clause = "" if copies else ahead(gate.symptom.skill, book)
    found = held_back(subject, book, all_causes()) if clause else None
    known = book.get(SymptomFacts).of_training
    if found is None:
        return Left(clause, labels_known=known)
    cause, assessment = found
    return Left(clause, cause.name, cause.code, assessment.because, known)


def _straight(subject: Subject, gate: Gate) -> tuple[str, ...]:
    """What R² is where the loss asks for something else than the mean."""
    skill, loss = gate.symptom.skill, subject.recipe.loss
    if skill is None or skill.metric != "r2" or loss is None or asks_for_the_mean(subject.recipe):
        return ()
    return (
        f"the loss {loss.name} may ask for something else than the mean: R² is that of the best straight line through "
        "the outputs",
    )


def _placed(diagnosis: Diagnosis, subject: Subject, book: Book) -> Diagnosis:
    """With the lines and the names of the user's program; without them where reading them breaks."""
    layers = [one.layer for one in book.get(ActivationFacts).end] if book.has(ActivationFacts) else []
    sources = subject.recipe.sources
    try:
        placed = with_places(diagnosis, sources, layers, {c.code: c.stage for c in all_causes()})
        recipe, head = subject.recipe, book.get(HeadFacts).layer if book.has(HeadFacts) else ""
        return with_own_names(placed, sources, recipe.outputs, recipe.output, head=head, layers=layers)
    except Exception as error:  # a program that cannot be read must not end the diagnosis
        note = f"the line of the fault was not found: {type(error).__name__}: {str(error)[:200]}"
        return replace(diagnosis, notes=(*diagnosis.notes, note))


def _outcome(gate: Gate, causes: tuple[Hypothesis, ...], stages: dict[str, str]) -> Outcome:
    if gate.problem == "none":
        return "healthy"
    if not causes:
        return "undecided"
    together = [one for one in causes if one is causes[0] or one.code in causes[0].tied_with]
    return "nothing_wrong" if all(is_harmless(one.code, stages[one.code]) for one in together) else "cause_found"


def is_harmless(code: str, stage: str) -> bool:
    """Whether the cause says that the network itself is not at fault: DF9xx, and a rare class that ranks (DF105)."""
    return stage == "nothing_wrong" or code == "DF105"


def _cut_short(campaign: Campaign, fix: Fix | None, book: Book, seconds: float) -> float | None:
    """The budget, where more of it may prove the fix, or find what there is to fix."""
    proven = fix is not None and (fix.verified or not can_be_tried(fix, book))
    return seconds if campaign.out_of_time and not proven else None


def _unsettled(found: Assessments, campaign: Campaign, gate: Gate) -> tuple[Hypothesis, ...]:
    """What is worth reading about; nothing where a larger budget might settle it."""
    untried = not campaign.trials and gate.problem != "unknown"  # without labels no budget tries anything
    return () if campaign.out_of_time or untried else _with(found.assessed, "inconclusive")


def _with(assessed: tuple[Assessed, ...], verdict: str) -> tuple[Hypothesis, ...]:
    chosen = [one for one in assessed if one.assessment.verdict == verdict]
    chosen.sort(key=lambda one: (-one.assessment.weight, one.cause.code))
    return tuple(Hypothesis(one.cause.code, one.cause.name, one.assessment) for one in chosen)


def _failures(book: Book) -> tuple[str, ...]:
    return tuple(f"the probe {name} broke inside and was left out: {error}" for name, error in book.failed.items())

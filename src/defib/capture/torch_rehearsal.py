"""One pass of a clone over rows that were handed over, seen as a training is seen: how it is called, what its loss is.

A Trainer, a LightningModule or a model that answers with its own loss does not say what its loss is made of, but can
compute it. The clone does so on batch after batch; its optimizer changes nothing. This runs in a thread of its own, at
which no other watcher of the program looks. What a pass cannot tell (the initial weights, how the losses fell, the
order of the rows) stays unknown.
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch

from defib.adapters.torch.captured import Captured, OptimizerRecord
from defib.adapters.torch.clone import all_parameters, clone_module, load_state, state_of, unwrapped
from defib.adapters.torch.facts import before_schedule, facts_of, parameter_groups, settings_of
from defib.adapters.torch.quiet import alone
from defib.adapters.torch.subject import TorchSubject
from defib.capture.torch_loop import REHEARSAL, TorchWatcher
from defib.recipe import OptimizerFacts, TrainingRecipe
from defib.subject import FloatArray, Rows, TrainingTrace

SECONDS: Final = 30.0
"""A pass ends here; what was seen until then is what is looked at."""
UNKNOWN: Final = "the initial weights are not known: trials draw them from the layers' own initializers"

Step = Callable[[Any], Any]
"""``clone -> loss``, of one batch."""


@dataclass(frozen=True)
class Known:
    """What is known of a training that is over."""

    optimizer: Any = None
    epochs: int | None = None
    planned_epochs: int | None = None
    n_updates: int | None = None
    n_rows: int | None = None
    """Rows there are, where only a part is passed over."""
    batch_size: int = 32
    shuffled: bool = True
    clip_norm: float | None = None
    clip_value: float | None = None
    accumulation: int = 1
    validation_loss: FloatArray | None = None
    has_loss: bool = True
    """The steps compute the user's loss; ``False``: anything that depends on the outputs."""
    notes: tuple[str, ...] = ()


def rehearsed(model: Any, steps: Iterable[Step], looks: Iterable[Step], known: Known) -> TorchSubject:
    """A Subject of ``model``, which is not changed.

    Args:
        model: a trained ``torch.nn.Module``.
        steps: a batch of training rows each.
        looks: a batch of other rows each, in evaluation mode; their labels are read where a loss is computed.
        known: what the steps cannot show.

    Raises what the first step raises, where none can be taken.
    """
    inner = unwrapped(model)
    with _aside():
        clone = clone_module(inner)
        flags = {name: one.requires_grad for name, one in clone.named_parameters()}
        found, error, taken = _in_a_thread(lambda: _pass(clone, inner, steps, looks))
        if not found:
            raise error or ValueError("no step computed a loss from the model's outputs")
        for name, one in clone.named_parameters():
            one.requires_grad_(flags[name])
        subject = max(found, key=lambda one: sum(p.numel() for p in one.captured.module.parameters()))
        return _as_it_was(inner, clone, subject, known, taken, error)


@contextlib.contextmanager
def same_torch_state() -> Iterator[None]:
    """PyTorch's random states are the program's own afterwards: datasets and loaders draw from them."""
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=cuda):
        yield


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    """Random states, output, warnings and grad mode are the program's own afterwards."""
    with (
        same_torch_state(),
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        alone(),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(0)
        yield


def _in_a_thread(do: Callable[[], Any]) -> Any:
    answers: list[Any] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(do())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name=REHEARSAL, daemon=True)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return answers[0]


class Still(torch.optim.Optimizer):  # type: ignore[misc]  # torch is Any to mypy
    """An optimizer that changes nothing."""

    def __init__(self, parameters: Any) -> None:
        torch.optim.Optimizer.__init__(self, parameters, {"lr": 0.0})

    def step(self, closure: Any = None) -> None:
        """Count as a step; see the hooks that watch it."""


def _pass(clone: Any, model: Any, steps: Iterable[Step], looks: Iterable[Step]) -> Any:
    """``(subjects, the error that ended it, steps taken)``."""
    watcher = TorchWatcher()
    watcher.attach()
    watcher.expect(clone)
    started, error, taken = time.monotonic(), None, 0
    try:
        if not any(one.requires_grad for one in clone.parameters()):
            for one in clone.parameters():
                one.requires_grad_(one.is_floating_point())
        still = Still([one for one in clone.parameters() if one.requires_grad])
        clone.train()
        try:
            for step in steps:
                loss = step(clone)
                if loss is None:
                    continue
                still.zero_grad()
                loss.backward()
                still.step()
                taken += 1
                if time.monotonic() - started > SECONDS:
                    break
        except Exception as raised:
            error = raised
        load_state(clone, state_of(model))  # running statistics
        clone.eval()
        if taken:
            _look(clone, looks, started)
    finally:
        watcher.detach()
    for one in clone.parameters():
        one.grad = None
    return watcher.subjects(), error, taken


def _look(clone: Any, looks: Iterable[Step], started: float) -> None:
    """Rows beside the training; one that cannot be evaluated is left out."""
    with contextlib.suppress(Exception), torch.no_grad():
        for look in looks:
            look(clone)
            if time.monotonic() - started > 2 * SECONDS:
                return


def _as_it_was(
    model: Any, clone: Any, subject: TorchSubject, known: Known, taken: int, error: BaseException | None
) -> TorchSubject:
    """The Subject with what is known instead of what the pass did."""
    names = _names(model, clone, unwrapped(subject.captured.module))
    record = None if known.optimizer is None else optimizer_record(known, names)
    n_rows = known.n_rows or _counted(subject.training)
    per_epoch = max(-(-n_rows // known.batch_size), 1)
    captured: Captured = replace(
        subject.captured,
        initial=None,
        loaded=False,
        program=subject.captured.program if known.has_loss else None,
        optimizer=record,
        modes={},
        gradients={},
        without_grad=False,
        epoch_rows=n_rows or None,
        batches_per_epoch=per_epoch,
    )
    n_updates = known.n_updates or per_epoch * (known.epochs or 0) // max(known.accumulation, 1)
    recipe: TrainingRecipe = replace(
        subject.recipe,
        loss=subject.recipe.loss if known.has_loss else None,
        optimizer=_facts(known, record),
        batch_size=known.batch_size,
        n_updates=n_updates,
        n_epochs=known.epochs,
        shuffled=known.shuffled,
        sources={key: line for key, line in subject.recipe.sources.items() if key == "loss"},
    )
    looked = _alike(subject.prediction, subject.training) and _alike(subject.held_out, subject.training)
    apart = () if looked else ("the other rows came in another shape than the training rows: they are left out",)
    stopped = () if error is None else (f"the pass over the rows ended after {taken} batches: {error}",)
    trace = TrainingTrace(
        validation_loss_per_epoch=known.validation_loss if known.validation_loss is not None else np.empty(0),
        n_updates=n_updates,
        n_epochs=known.epochs,
        planned_epochs=known.planned_epochs,
        notes=(UNKNOWN, *known.notes, *_sampled(subject, n_rows), *apart, *stopped),
    )
    training = subject.training
    if training is not None and n_rows > len(training):
        training = replace(training, n_seen=n_rows)
    return TorchSubject(
        captured,
        recipe,
        trace,
        name=type(model).__name__,
        training=training,
        prediction=subject.prediction if looked and subject.prediction is not subject.training else training,
        held_out=subject.held_out if looked else None,
    )


def _alike(rows: Rows | None, training: Rows | None) -> bool:
    return rows is None or training is None or rows.X.shape[1:] == training.X.shape[1:]


def _sampled(subject: TorchSubject, n_rows: int) -> tuple[str, ...]:
    looked_at = 0 if subject.training is None else len(subject.training)
    if n_rows <= looked_at:
        return ()
    return (f"of {n_rows:,} training rows, {looked_at:,} are looked at",)


def _counted(rows: Rows | None) -> int:
    return 0 if rows is None else rows.n_seen or len(rows)


def _names(model: Any, clone: Any, trained: Any) -> dict[int, str]:
    """``id`` of a parameter of the user's model → its name in what was trained, a part of the clone perhaps."""
    theirs = {name: id(one) for name, one in all_parameters(model)}
    own = {id(one): name for name, one in all_parameters(trained)}
    return {theirs[name]: own[id(one)] for name, one in all_parameters(clone) if name in theirs and id(one) in own}


def bare_optimizer(optimizer: Any) -> Any:
    """The optimizer of PyTorch inside those of Accelerate and Lightning."""
    for name in ("optimizer", "_optimizer"):
        inner = getattr(optimizer, name, None)
        if isinstance(inner, torch.optim.Optimizer):
            return inner
    return optimizer


def optimizer_record(known: Known, names: Mapping[int, str]) -> OptimizerRecord:
    """The optimizer as built, over the parameters by their names."""
    optimizer = known.optimizer
    groups = tuple(
        (tuple(names[id(one)] for one in group["params"] if id(one) in names), before_schedule(settings_of(group)))
        for group in optimizer.param_groups
    )
    return OptimizerRecord(
        type(optimizer),
        groups,
        dict(optimizer.defaults),
        clip_norm=known.clip_norm,
        clip_value=known.clip_value,
        accumulation=known.accumulation,
    )


def _facts(known: Known, record: OptimizerRecord | None) -> OptimizerFacts | None:
    if record is None or not known.epochs:
        return None
    extra = {"clip_grad_norm": known.clip_norm, "clip_grad_value": known.clip_value}
    kept = {key: float(value) for key, value in extra.items() if value is not None}
    return replace(facts_of(record.kind, record.groups[0][1], kept), groups=parameter_groups(record))

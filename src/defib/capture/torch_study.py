"""Everything seen of one model's training, while it goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, final

import torch

from defib.adapters.torch.clone import all_parameters, is_uninitialized, state_of, unwrapped
from defib.adapters.torch.facts import settings_of
from defib.capture.beside import Named
from defib.capture.planned import CountedLoop
from defib.capture.torch_analysis import Analysis
from defib.capture.torch_axis import door_of
from defib.capture.torch_call import Call
from defib.capture.torch_extras import RowExtras
from defib.capture.torch_fits import Fit
from defib.capture.torch_joined import with_pairs
from defib.capture.torch_lengths import Lengths
from defib.capture.torch_own_functions import OwnFunctions
from defib.capture.torch_repeat import looked_at, repeated
from defib.capture.torch_rollouts import BOOTSTRAPPED, LED, Rollouts
from defib.capture.torch_rows import RowStore
from defib.capture.torch_trace import LossTrace, RateTrace, gradient_word, stronger
from defib.subject import AnyArray

WATCHED_STEPS = 3
"""Steps whose gradients are looked at one by one."""
WARM_UP = 10
"""Steps in which the first update is waited for, where a schedule starts at a learning rate of 0."""

MOST_KEPT = 2_000_000
"""Weights of a network up to which they are copied at each evaluation."""
MARKED = 4
MARKS = 8
"""Parameters, and weights of each, that are compared between two evaluations."""


@final
class Entry:
    """One module that the program calls at top level."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.initial: dict[str, Any] | None = None
        self.modes: dict[str, bool] | None = None
        self.stepped = False
        self.loaded = False
        self.looked = False
        self._names: dict[int, str] | None = None
        self._home: tuple[int, ...] = ()
        self._put_in: tuple[tuple[float, ...], dict[str, Any]] | None = None

    def put_in(self) -> Mapping[str, Any] | None:
        """Weights of an evaluation: an average may have been put into the module for it, in whatever way.

        Those in other memory than the trained ones; of small networks all, which what is left at the end tells apart.
        """
        if not self._home:
            return None
        parameters = list(unwrapped(self.module).parameters())
        now = self._places()
        if now == self._home and sum(one.numel() for one in parameters) > MOST_KEPT:
            return None
        marks = (*now, *(mark for one in parameters[:MARKED] for mark in _marks(one)))
        if self._put_in is None or self._put_in[0] != marks:
            own = {name: one.detach().clone() for name, one in unwrapped(self.module).named_parameters()}
            self._put_in = marks, own
        return self._put_in[1]

    def _places(self) -> tuple[int, ...]:
        return tuple(one.data_ptr() for one in unwrapped(self.module).parameters())

    def snapshot(self) -> None:
        """Copy the weights, once, as long as no step has changed them."""
        if self.initial is None and not self.stepped and not is_uninitialized(self.module):
            self.initial = state_of(unwrapped(self.module))

    def refresh(self) -> None:
        """Right before the first step: weights may have been loaded since; buffers stay as they first were."""
        now = state_of(unwrapped(self.module))
        self._home = self._places()
        buffers = {name for name, _ in unwrapped(self.module).named_buffers()}
        first = self.initial or {}
        self.initial = {name: first.get(name, value) if name in buffers else value for name, value in now.items()}
        self._names = None

    def forget_names(self) -> None:
        """The module has other tensors under its names now."""
        self._names = None

    def note_modes(self) -> None:
        """Which submodules are in training mode, once."""
        if self.modes is None:
            self.modes = {path: one.training for path, one in unwrapped(self.module).named_modules()}

    @property
    def names(self) -> Mapping[int, str]:
        """Name by ``id`` of each parameter."""
        if self._names is None:
            self._names = {id(one): name for name, one in unwrapped(self.module).named_parameters()}
        return self._names


def _marks(parameter: Any) -> list[float]:
    """Numbers that change when the weights are written over: its counter, and a few of them."""
    few = parameter.detach().reshape(-1)[:MARKS].tolist()
    return [float(parameter._version), *(abs(one) if isinstance(one, complex) else float(one) for one in few)]


@final
class OptimizerWatch:
    """One optimizer of the program."""

    def __init__(self, optimizer: Any, line: str) -> None:
        self.optimizer = optimizer
        self.line = line
        self.step_line = ""
        self.n_steps = 0
        self.groups: list[tuple[tuple[int, ...], dict[str, Any]]] = []

    def note_groups(self) -> None:
        """Parameters (by ``id``) and settings, as they are before the first step."""
        self.groups = [
            (tuple(id(one) for one in group["params"]), settings_of(group)) for group in self.optimizer.param_groups
        ]

    @property
    def held(self) -> set[int]:
        """``id`` of every parameter in it."""
        return {id(one) for group in self.optimizer.param_groups for one in group["params"]}

    def may_train(self, module: Any) -> bool:
        """Whether any weight of the module can learn, or is among those that this optimizer holds."""
        return any(one.requires_grad or id(one) in self.held for one in module.parameters())

    def has_gradient(self) -> bool:
        """Whether any parameter has one; the first one usually settles it."""
        for group in self.optimizer.param_groups:
            for one in group["params"]:
                if one.grad is not None:
                    return True
        return False


def marks_of(module: Any) -> tuple[float, ...]:
    """Numbers that change when a weight of the module does."""
    with torch.no_grad():
        return tuple(float(one.detach().double().abs().sum()) for one in unwrapped(module).parameters())


@final
class Study:
    """One training, of one module or of several that feed each other."""

    def __init__(self, analysis: Analysis, entries: Sequence[Entry]) -> None:
        self.first = with_pairs(analysis).slim()
        self.entries = list(entries)
        self.module = analysis.module()
        self.lengths = None if analysis.composite is not None else Lengths.of(analysis.door)
        self.rows = RowStore() if self.lengths is None else RowStore(self.lengths.keys, self.lengths.align)
        self.rollouts = Rollouts()
        self.losses = LossTrace()
        self.optimizer: OptimizerWatch | None = None
        self.others: dict[int, tuple[OptimizerWatch, RateTrace]] = {}
        """Further optimizers that step after the same backward pass, for other parameters."""
        self.rates = RateTrace()
        """By this training's own steps, whichever optimizer made them."""
        self.idle: OptimizerWatch | None = None
        self.idle_rates = RateTrace()
        self.outside: tuple[int, float, float] | None = None
        """Backward pass at which the loss was not what the first step's formula gives: what that gives, what it was."""
        self.maker_marks = tuple(marks_of(module) for module in self.first.target_makers)
        """What the weights of those that made its targets were at its first step."""
        self.own_functions = OwnFunctions()
        self.dear = False
        """Reading its steps takes too much of the training's time."""
        self.took_over = 0
        """Step after which another optimizer went on with the same parameters; 0 for none."""
        self.n_backward = 0
        self.n_steps = 0
        self.n_in_evaluation = 0
        """Backward passes whose forward pass ran in evaluation mode."""
        self.trained_at = 0
        """Optimizer steps of the whole program after the last one of this training."""
        self.skipped = 0
        self.since_step = 0
        self.started = time.perf_counter()
        self.ended = self.started
        self.gradients: dict[str, str] = {}
        """What each parameter's gradient was when the optimizer stepped."""
        self.after_backward: dict[str, str] = {}
        """What it was right after the first backward pass, before any step."""
        self.updates: tuple[tuple[str, float], ...] = ()
        self.clears: bool | None = None
        self.clip_norm: float | None = None
        self.clip_value: float | None = None
        self.backward = False
        self.without_grad = not any(call.grad for call in analysis.calls)
        self.sources: dict[str, str] = {}
        self.notes: list[str] = list(analysis.notes)
        self.label_dtype = None if analysis.label is None else analysis.label.dtype
        self._before: dict[str, Any] = {}
        self.hand_rate: float | None = None
        self.extras = RowExtras()
        self.head = ""
        """The output of several that this is about, where it is not the first one."""
        self.held: list[Any] = []
        """Arrays of the program among which the rows may be found again."""
        self.copies: list[Named] = []
        """Small arrays of the program's as they were when the training began."""
        self.loops: tuple[CountedLoop, ...] = ()
        """Counted loops of the program's around its first step."""
        self.fit: Fit | None = None
        """The library's training that it is part of."""
        self._by_hand: dict[str, tuple[Any, Any]] = {}
        self._held: dict[int, bool] = {}
        self._successors: dict[int, bool] = {}

    @property
    def unrepeatable(self) -> str:
        """Why its rows and labels do not tell how it was trained, as a note; empty where they do."""
        return LED if self.rollouts.led else BOOTSTRAPPED if self._bootstrapped() else ""

    def _bootstrapped(self) -> bool:
        """Whether its targets were made by the network itself, or by one whose weights have moved since."""
        own = {id(one.module) for one in self.entries}
        makers = zip(self.first.target_makers, self.maker_marks, strict=True)
        return any(id(one) in own or marks_of(one) != marks for one, marks in makers)

    def watch_by_hand(self) -> None:
        """After the first backward pass without a step: weights and gradients, to see how they are used."""
        if self.n_backward == 1 and self.n_steps == 0:
            self._by_hand = {
                name: (one.detach().clone(), None if one.grad is None else one.grad.detach().clone())
                for name, one in self.named()
            }
            self.after_backward = {name: gradient_word(gradient) for name, (_, gradient) in self._by_hand.items()}

    def _look_by_hand(self) -> None:
        """Before the second one: weights that moved against the gradient without an optimizer were updated by hand."""
        if self.n_steps == 0 and self._by_hand:
            self.hand_rate = _hand_rate([(*old, one.detach()) for (_, one), old in self._pairs()])
        self._by_hand = {}

    def _pairs(self) -> list[tuple[tuple[str, Any], tuple[Any, Any]]]:
        return [((name, one), self._by_hand[name]) for name, one in self.named() if name in self._by_hand]

    @property
    def wants_tape(self) -> bool:
        """Whether the coming step is to be recorded; of several modules, how one feeds the other is seen only so."""
        together = self.first.composite is not None and not self.dear
        if self.n_backward < WATCHED_STEPS or self.rows.wants_rows or together:
            return True
        return looked_at(self.n_backward + 1) and self.outside is None

    def named(self) -> list[tuple[str, Any]]:
        """Parameters by the name they have in the Subject."""
        return all_parameters(unwrapped(self.module))

    def collect(self, analysis: Analysis) -> None:
        """Copy the rows and labels of a recorded step."""
        if self.rows.wants_rows:
            X, y = analysis.arrays()
            self._trains_on(X)
            if analysis.reading is not None and analysis.reading.others:
                self.extras.add(X, y, analysis.extras())
            self.rows.add(X, y)
        elif self.rows.wants_keys:
            self._skip(analysis.door.rows_of(analysis.rows, copy=False))

    def _skip(self, X: AnyArray) -> None:
        self._trains_on(X)
        self.rows.skip(X)

    def _trains_on(self, X: AnyArray) -> None:
        if self.rollouts.looks:
            self.rollouts.trained(X)

    def asked(self, calls: Sequence[Call]) -> None:
        """Evaluated between its steps."""
        given = calls[0].as_called if len(calls) == 1 and self.rollouts.looks and self.n_steps else None
        if given is not None and self.first.composite is None:
            door, rows = door_of(self.module, *given)
            if rows and len(rows) == len(self.first.door.parts):
                self.rollouts.asked(door.rows_of(rows, copy=False))

    def hold_to_first(self, analysis: Analysis, loss: Any) -> None:
        """At a few later steps: whether the first step's formula still gives the loss."""
        if self.outside is None and looked_at(self.n_backward + 1) and isinstance(loss, torch.Tensor):
            found = repeated(self.first, analysis, loss, dict(self.named()))
            self.outside = None if found is None else (self.n_backward + 1, *found)

    def glance(self, call: Call) -> None:
        """A step that was not recorded: only which rows came."""
        if self.rows.wants_keys and self.first.composite is None:
            door, rows = door_of(self.module, call.args, call.kwargs, call.outputs)
            door, rows, _ = self.first.beside.taken_off(door, rows)
            self._skip(door.rows_of(rows, copy=False))

    def on_backward(self, loss: Any) -> None:
        """A backward pass (or a step without one)."""
        if self.n_steps and self.clears is None and self.since_step == 0:
            held = self.optimizer.held if self.optimizer is not None else set()
            stepped = [one for _, one in self.named() if one.grad is not None and id(one) in held]
            self.clears = not any(bool((one.grad != 0).any()) for one in stepped)
        if self._by_hand:
            self._look_by_hand()
        self.n_backward += 1
        self.since_step += 1
        if isinstance(loss, torch.Tensor) and loss.numel() == 1:
            self.losses.add(loss)

    def before_step(self, watch: OptimizerWatch, *, late: bool = False) -> None:
        """Gradients of the first steps, initial weights at the first; ``late`` when the step is over already."""
        if self.n_steps == 0 and not late:
            for entry in self.entries:
                if not entry.stepped:
                    entry.refresh()
            self._before = {name: one.detach().clone() for name, one in self.named()}
        if self.n_steps < WATCHED_STEPS:
            for name, one in self.named():
                self.gradients[name] = stronger(self.gradients.get(name), gradient_word(one.grad))
        if self.optimizer is not watch and (
            self.optimizer is None or (not self.held_by(self.optimizer) and self.held_by(watch))
        ):
            self.optimizer = watch
        self.also(watch, self.n_steps)
        self._note_rate(watch)
        if not watch.has_gradient():
            self.skipped += 1

    def also(self, watch: OptimizerWatch, step: int) -> None:
        """An optimizer that holds other parameters of the same modules is about to make this step, counted from 0."""
        if id(watch) not in self.others:
            first = self.optimizer
            if first is None or watch is first or not self.held_by(watch) or watch.held & first.held:
                return
            self.others[id(watch)] = (watch, RateTrace())
        self.others[id(watch)][1].add(step, watch.optimizer.param_groups)

    def _note_rate(self, watch: OptimizerWatch) -> None:
        if self.optimizer is not watch:
            if not self._goes_on(watch):
                return  # a second one beside it, for other parameters
            self.took_over = self.took_over or self.n_steps
        self.rates.add(self.n_steps, watch.optimizer.param_groups)

    def _goes_on(self, watch: OptimizerWatch) -> bool:
        """Whether another optimizer holds the same parameters of this training."""
        if id(watch) not in self._successors:
            own = {id(one) for _, one in self.named()}
            first = self.optimizer.held if self.optimizer is not None else set()
            self._successors[id(watch)] = watch.held & own == first & own
        return self._successors[id(watch)]

    def held_by(self, watch: OptimizerWatch) -> bool:
        """Whether an optimizer holds any of the parameters."""
        if id(watch) not in self._held:
            self._held[id(watch)] = bool(watch.held & {id(one) for _, one in self.named()})
        return self._held[id(watch)]

    def after_step(self) -> None:
        """Count; measure the first update."""
        if self._before:
            moves = {name: _relative(one, self._before[name]) for name, one in self.named() if name in self._before}
            self.updates = tuple(moves.items())
            if any(moves.values()) or self.n_steps >= WARM_UP:
                self._before = {}
        for entry in self.entries:
            entry.stepped = True
        self.n_steps += 1
        self.since_step = 0
        self.ended = time.perf_counter()


def _hand_rate(triples: list[tuple[Any, Any, Any]]) -> float | None:
    """Learning rate of ``p -= lr * p.grad``, where all weights agree on one within 1 %; else ``None``."""
    top = bottom = 0.0
    moves = [
        ((before - after).double(), gradient.double()) for before, gradient, after in triples if gradient is not None
    ]
    for move, gradient in moves:
        top += float((move * gradient).sum())
        bottom += float((gradient * gradient).sum())
    rate = top / bottom if bottom > 0 else 0.0
    if rate <= 0:
        return None
    error = sum(float((move - rate * gradient).square().sum()) for move, gradient in moves)
    return rate if error <= 1e-4 * rate**2 * bottom else None


def _relative(now: Any, before: Any) -> float:
    """``|w1 - w0| / |w0|``; infinite when it started from 0 and moved."""
    moved = float((now.detach() - before).double().norm())
    size = float(before.double().norm())
    return moved / size if size > 0 else (float("inf") if moved > 0 else 0.0)

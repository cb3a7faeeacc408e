"""The state of a watched PyTorch program: the open step, the studies, the optimizers."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from typing import Any, final
from weakref import WeakKeyDictionary, WeakSet

from defib.adapters.torch.program import Node
from defib.adapters.torch.tape import Tape
from defib.capture.engaged import CLAIMED
from defib.capture.planned import counted_loops
from defib.capture.torch_analysis import Analysis, analyse
from defib.capture.torch_call import (
    Call,
    apart,
    between,
    copied,
    key_of,
    last_scalar,
    repeats,
    unique,
    version_of,
    whole,
)
from defib.capture.torch_evals import EvalLog
from defib.capture.torch_fits import Fit, forget_oldest, forget_siblings
from defib.capture.torch_frames import user_line, user_place
from defib.capture.torch_held import copies_held, held_arrays
from defib.capture.torch_idle import note_idle
from defib.capture.torch_loads import Load, load_of
from defib.capture.torch_loose_steps import LooseSteps
from defib.capture.torch_sharded import is_foreign, is_sharded
from defib.capture.torch_stack import put_under, take_off
from defib.capture.torch_study import Entry, OptimizerWatch, Study
from defib.capture.torch_turns import Turns

MAX_OPEN_CALLS = 8
"""Calls of one module without a backward pass after which they are taken for evaluations."""
LEAST_SECONDS = 3.0
MOST_SHARE = 0.05
"""Reading steps may take three seconds, or this share of the training; then no further rows are looked at."""
MAX_OPEN = 128
"""Calls of any modules, likewise."""


@final
class Session:
    """Told of every top-level call, backward pass and optimizer step, in order."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.ignored: WeakSet[Any] = WeakSet()
        self.loads: WeakKeyDictionary[Any, list[Load]] = WeakKeyDictionary()
        self.studies: dict[tuple[int, ...], Study] = {}
        self.alone: dict[int, Study] = {}
        """Study by module, for modules that are trained alone."""
        self.among: dict[int, list[Study]] = {}
        """All studies by module."""
        self.evals: dict[tuple[int, ...], EvalLog] = {}
        self.optimizers: dict[int, OptimizerWatch] = {}
        self.lines: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self.built: WeakSet[Any] = WeakSet()
        self.calls: list[Call] = []
        self.tape: Tape | None = None
        self.taped = False
        self.n_steps = 0
        self.stepping: list[Study] = []
        self.scaled: tuple[Any, Any] | None = None
        """The last loss that a gradient scaler multiplied, and what it was before."""
        self.clip: tuple[str, float] | None = None
        self.inside: OptimizerWatch | None = None
        """The optimizer whose ``step`` runs."""
        self.fits: list[Fit] = []
        """Trainings of libraries that run now, the innermost last."""
        self.see_through: set[int] = set()
        """Modules whose own part is trained: a call of them is a call of that part."""
        self.turns = Turns()
        self.loose = LooseSteps(self)
        self.spent = 0.0
        """Seconds that went into reading steps."""
        self.unseen = 0
        """Backward passes that no call of a module came before."""
        self.dropped = 0
        self.functional = False
        """Whether a module was called with weights other than its own."""
        self.sharded = ""
        """Class of a module whose weights lie in pieces over several processes."""

    def entry(self, module: Any) -> Entry | None:
        """The watched module, or ``None`` for one without parameters (a loss) or of another framework."""
        found = self.entries.get(id(module))
        if found is not None:
            return found
        if module in self.ignored:
            return None
        if is_foreign(module) or next(iter(module.parameters()), None) is None:
            self.ignored.add(module)
            return None
        if is_sharded(module):
            self.ignored.update(module.modules())
            self.sharded = self.sharded or type(module).__name__
            return None
        made = self.entries[id(module)] = Entry(module)
        made.loaded = self._filled(module)
        return made

    def note_load(self, module: Any, result: Any) -> None:
        """``load_state_dict`` of this module, or of a part of one, is done."""
        self.loads.setdefault(module, []).append(load_of(module, result, user_line(), self.n_steps))

    def _filled(self, module: Any) -> bool:
        return any(load.loading.filled_fraction > 0 for load in self.loads.get(module, ()))

    def adopt(self, module: Any) -> None:
        """``module.forward`` is called directly: its submodules are no models of their own."""
        for part in module.modules():
            if part is not module:
                self.entries.pop(id(part), None)
                self.ignored.add(part)
        entry = self.entry(module)
        if entry is not None:
            entry.snapshot()

    def before_call(self, entry: Entry, grad: bool) -> None:
        """A top-level call begins: the tape comes off, and calls that no backward pass followed are evaluations."""
        self.tape_off()
        if self.loose.taping and not self.calls:
            self.flush()
        if self.calls and self._closes(entry.module, grad):
            self.flush()
        if grad and entry.initial is None and not entry.stepped:
            entry.snapshot()

    def _closes(self, module: Any, grad: bool) -> bool:
        mine = [call for call in self.calls if call.module is module]
        same = len(mine)
        full = self.tape is not None and self.tape.full
        if full or len(self.calls) >= MAX_OPEN or (same >= MAX_OPEN_CALLS and not mine[-1].of_one_row):
            return True
        if not grad:  # targets, or a look in between: a call whose backward pass is to come stays open
            return same > 0 and not any(call.grad for call in self.calls)
        return same > 0 and not all(call.grad for call in self.calls)

    def after_call(self, entry: Entry, args: Any, kwargs: Any, out: Any, grad: bool) -> None:
        """A top-level call is over; record what follows it when that is wanted."""
        studies = self.among.get(id(entry.module), [])
        training = entry.module.training
        evaluation = not grad or (not training and entry.modes is not None and entry.modes.get("", True))
        record = evaluation or not studies or any(study.wants_tape for study in studies)
        line = user_line()
        if grad and training:
            call = Call(entry.module, args, kwargs, out, True, True, line, None, version_of(args, kwargs, out))
        else:
            kept, put_in = copied(args, kwargs, out), entry.put_in()
            version = version_of(args, kwargs, out) if kept is None else 0
            call = Call(entry.module, args, kwargs, out, grad, training, line, kept, version, user_place(), put_in)
        self.calls.append(call)
        if grad and entry.modes is None and entry.module.training:
            entry.note_modes()
        if record or self.tape is not None:
            if self.tape is None:
                self.tape = Tape()
            self.tape.nodes.append(Node(entry.module, args, kwargs, out, grad, call=True))
            self.tape_on()

    def tape_on(self) -> None:
        """Put the tape on torch's stack."""
        if self.tape is not None and not self.taped:
            put_under(self.tape)
            self.taped = True

    def tape_off(self) -> None:
        """Take the tape off torch's stack."""
        if self.tape is not None and self.taped:
            take_off(self.tape)
            self.taped = False

    def _close(self) -> tuple[list[Call], list[Node] | None]:
        self.tape_off()
        calls, nodes = self.calls, self.tape.nodes if self.tape is not None else None
        self.calls, self.tape = [], None
        return calls, nodes

    def flush(self) -> None:
        """The open calls were evaluations."""
        calls, nodes = self._close()
        for call, after in self.loose.evaluations(nodes or []) if not calls else ():
            self._evaluated(call, after or [])
        self._evaluated(calls, nodes or [])

    def _evaluated(self, calls: Sequence[Call], nodes: Sequence[Node]) -> None:
        if not calls:
            return
        key = key_of(calls)
        if len(calls) > 1 and (len(key) == 1 or key not in self.studies or apart(calls, nodes)):
            for i, call in enumerate(calls):
                self._evaluated([call], between(nodes, calls, i))
            return
        n = len(self.studies[key].first.positions) if len(calls) > 1 else 1
        if repeats(calls, n):
            for i in range(0, len(calls), n):
                self._evaluated(calls[i : i + n], between(nodes, calls, i, n))
            return
        study = self.studies.get(key)
        steps = self.n_steps if study is None else study.n_steps
        beside = None if study is None else study.first.beside
        lengths = None if study is None else study.lengths
        if study is not None:
            study.asked(calls)
        self.evals.setdefault(key, EvalLog()).add(calls, nodes, steps, beside, lengths)

    def on_backward(self, loss: Any) -> None:
        """``backward`` of this loss is about to run."""
        line = user_line() if self.tape is not None else ""
        if self.scaled is not None:
            loss = self.scaled[1] if self.scaled[0] is loss else loss
            self.scaled = None
        calls, nodes = self._close()
        if not calls:
            calls, nodes = self.loose.step(nodes or [], loss)
        if not calls:
            self._second_backward()
            return
        study = self._study(calls, nodes, loss, line)
        if study is not None:
            study.backward = True
            study.on_backward(loss)
            note_idle(self.lines, study)
            study.own_functions.watch(loss)
            study.n_in_evaluation += not any(call.training for call in calls)

    def after_backward(self) -> None:
        """``backward`` is over: gradients are there."""
        if self.inside is not None and not self.stepping:  # a closure: the gradients of the coming step are there
            self._credit(self.inside)
        for study in self.studies.values():
            study.own_functions.done()
            if study.n_backward == 1 and study.n_steps == 0:
                study.watch_by_hand()
        self.loose.after_backward()

    def _second_backward(self) -> None:
        self.unseen += not self.studies
        for study in self.studies.values():
            note = "several backward passes follow one forward pass; trials replay the first loss only"
            if study.since_step and note not in study.notes:
                study.notes.append(note)

    def _study(self, calls: list[Call], nodes: list[Node] | None, loss: Any, line: str) -> Study | None:
        """The study that a finished step belongs to, fed with it."""
        if nodes is None or not whole(nodes, calls):
            known = self._known(calls)
            if known is not None:
                self.turns.backward([entry.module for entry in known.entries])
            return known
        began = time.perf_counter()
        analysis = analyse(calls, nodes, loss, lambda module: self.entries[id(module)].names)
        if analysis is None:
            return None
        self.turns.backward(unique([call.module for call in analysis.calls if call.grad and id(call) in analysis.live]))
        self._rest(calls, nodes, analysis)
        study = self.studies.get(analysis.key)
        if study is None:
            study = self._start(analysis)
        study.collect(analysis)
        with contextlib.suppress(Exception):  # a formula for other shapes says nothing about the loss
            study.hold_to_first(analysis, loss)
        self.spent += time.perf_counter() - began
        if self.spent > max(LEAST_SECONDS, MOST_SHARE * (time.perf_counter() - study.started)):
            study.dear = True
            study.rows.stop()
        if line:
            study.sources.setdefault("loss", line)
        if analysis.calls[0].line:
            study.sources.setdefault("fit", analysis.calls[0].line)
        return study

    def _known(self, calls: list[Call]) -> Study | None:
        """Without a recording: the same call of the step as in the recorded ones; the others were evaluations."""
        last = next((i for i in reversed(range(len(calls))) if calls[i].grad), len(calls) - 1)
        study = self.alone.get(id(calls[last].module))
        if study is None:
            return self.studies.get(key_of(calls))
        at = study.first.positions[0] if len(calls) == study.first.n_calls else last
        study.glance(calls[at])
        makers = study.first.target_makers
        self._evaluated([one for i, one in enumerate(calls) if i != at and one.module not in makers], [])
        return study

    def _rest(self, calls: list[Call], nodes: list[Node], analysis: Analysis) -> None:
        for i, call in enumerate(calls):
            if i not in analysis.positions and call.module not in analysis.target_makers:
                self._evaluated([call], between(nodes, calls, i))

    def _start(self, analysis: Analysis) -> Study:
        entries = [self.entries[key] for key in analysis.key]
        for entry in entries:
            entry.snapshot()
            entry.note_modes()
            entry.loaded |= any(self._filled(one) for one in entry.module.modules())
        study = self.studies[analysis.key] = Study(analysis, entries)
        study.held, study.copies = held_arrays(analysis.door.n_rows), copies_held()
        study.loops = counted_loops(sys._getframe(1))
        self._note_fit(study)
        for key in analysis.key:
            self.among.setdefault(key, []).append(study)
        if len(entries) == 1 and analysis.composite is None:
            self.alone[analysis.key[0]] = study
        forget_oldest(self)
        return study

    def _note_fit(self, study: Study) -> None:
        """A training of a library's that runs now; calls of the whole are calls of the part that it trains."""
        if not self.fits:
            return
        study.fit = self.fits[-1]
        owner = study.fit.owner
        if owner is not None and all(entry.module is not owner for entry in study.entries):
            self.see_through.add(id(owner))

    def begin_fit(self, fit: Fit) -> None:
        """A library begins a training; one of the same search takes the place of the last one."""
        self.flush()
        forget_siblings(self, fit)
        self.fits.append(fit)

    def end_fit(self, fit: Fit) -> None:
        """It has ended, in whatever way."""
        self.flush()
        if fit in self.fits:
            self.fits.remove(fit)

    def before_step(self, optimizer: Any) -> None:
        """An optimizer is about to step."""
        if self.loose.taping:
            self.tape_off()
        watch = self.optimizers.get(id(optimizer))
        if watch is None:
            watch = self.optimizers[id(optimizer)] = OptimizerWatch(optimizer, self.lines.get(optimizer, ""))
            watch.step_line = user_line()
            watch.note_groups()
        watch.n_steps += 1
        if self.calls and not any(study.since_step for study in self.studies.values()):
            self._without_backward(watch)
        self.inside = watch
        self.turns.step(watch)
        self._credit(watch)

    def _credit(self, watch: OptimizerWatch) -> None:
        """The studies that a step belongs to, before the weights change."""
        self.stepping = self._credited(watch)
        if not self.stepping:
            for study in self.studies.values():
                study.also(watch, max(study.n_steps - 1, 0))
        for study in self.stepping:
            study.before_step(watch)
        self._note_clip()

    def _note_clip(self) -> None:
        if self.clip is not None and self.stepping:
            for study in self.stepping:
                setattr(study, self.clip[0], self.clip[1])
            self.clip = None

    def _without_backward(self, watch: OptimizerWatch) -> None:
        """A step with a forward pass before it and no backward pass in between; features of frozen weights are none."""
        if not any(call.grad and watch.may_train(call.module) for call in self.calls):
            return
        calls, nodes = self._close()
        study = self._study(calls, nodes, last_scalar(nodes or []), "")
        if study is not None:
            study.on_backward(None)

    def _credited(self, watch: OptimizerWatch) -> list[Study]:
        """Studies with a backward pass since their last step: those whose parameters it holds, else all.

        Beside those that a closure's first pass was credited to, only ones that it holds.
        """
        waiting = [study for study in self.studies.values() if study.since_step and study not in self.stepping]
        return [study for study in waiting if study.held_by(watch)] or ([] if self.stepping else waiting)

    def after_step(self, optimizer: Any) -> None:
        """An optimizer stepped."""
        self.n_steps += optimizer not in CLAIMED
        self.inside = None
        self._note_clip()
        watch = self.optimizers.get(id(optimizer))
        if watch is not None:  # a closure ran forward and backward inside the step
            for study in (late := self._credited(watch)):
                study.before_step(watch, late=True)
            self.stepping += late
        for study in self.stepping:
            study.after_step()
            study.trained_at = self.n_steps
        self.stepping = []
        self.loose.after_backward()

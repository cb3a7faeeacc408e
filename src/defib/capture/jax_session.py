"""The state of a watched JAX program: its compiled functions, its trainings, what it calls afterwards."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, Final, final

import jax

from defib.adapters.jax.quiet import busy
from defib.capture.jax_closure import places_around
from defib.capture.jax_origin import twin_among, weights_given
from defib.capture.jax_probe import Unreadable, answer, modes_before, note_call, probing
from defib.capture.jax_snapshot import Snapshot, is_object, lost_in
from defib.capture.jax_step import INSIDE, NO_GRADIENT, Step
from defib.capture.jax_study import MAX_SERVED, FunctionWatch, Served, Study, copied, same_weights, weights_in
from defib.capture.jax_unrolled import Unrolled
from defib.capture.planned import counted_loops
from defib.capture.torch_frames import user_line

MAX_STUDIES: Final = 16


@final
class Session:
    """Told of every call of a compiled function and every gradient, in order."""

    def __init__(self, errors: list[str], held: Callable[[int], list[Any]]) -> None:
        self.errors = errors
        self.held = held
        self.functions: dict[Any, FunctionWatch] = {}
        self.studies: list[Study] = []
        self.open: FunctionWatch | None = None
        self.served: list[Served] = []
        self.optimizers: list[Any] = []
        """NNX optimizers and optax transformations that the program made, in order."""
        self.lines: dict[int, str] = {}
        self.unread: list[str] = []
        self.earlier: set[int] = set()
        """``id`` of functions that were compiled before the watching began."""
        self.trained_by: dict[int, Any] = {}
        """NNX optimizer by ``id`` of the model that it was made for."""
        self.unrolled: Unrolled | None = None
        """The loops that are run again, step by step, right now."""
        self._new_models: list[type[Any]] = []

    def new_models(self) -> list[type[Any]]:
        """Classes of NNX networks whose training began since the last time."""
        found, self._new_models = self._new_models, []
        return found

    def safely(self, do: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a piece of watching; an exception inside is noted once and swallowed."""
        try:
            return do(*args, **kwargs)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if text not in self.errors:
                self.errors.append(text)
            return None

    # --- compiled functions ---------------------------------------------------------------------

    def around(self, raw: Any, run_it: Callable[[], Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call of a compiled function; ``run_it`` is the call itself."""
        if self.open is not None or busy() or probing() is not None:
            return run_it()
        watch = self.functions.get(raw)
        settled = None if watch is None else self.safely(self._settled, watch, args, kwargs)
        if settled is not None:
            out = run_it()
            self.safely(settled.count, out)
            return out
        if _is_traced(args, kwargs):
            return run_it()
        if watch is None:
            watch = self.functions[raw] = FunctionWatch(raw, earlier=id(raw) in self.earlier)
        before = self.safely(self._before, watch, args, kwargs)
        self.open = watch
        try:
            out = run_it()
        finally:
            self.open = None
        watch.calls += 1
        if before is not None:
            self.safely(self._after, watch, before, args, kwargs, out)
        return out

    def _settled(self, watch: FunctionWatch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Study | None:
        """The training of an NNX model whose rows are known: its steps are only counted from then on."""
        study = watch.settled
        if study is None or not any(one is study.model for one in (*args, *kwargs.values())):
            return None
        plain = [one for one in (*args, *kwargs.values()) if not is_object(one)]
        return None if _is_traced(plain, {}) else study

    def _before(self, watch: FunctionWatch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Snapshot | None:
        """Arguments as they are now: the call may overwrite NNX objects and give buffers away."""
        if watch.failed:
            return None
        if watch.calls == 0:
            watch.places = places_around(watch.raw)
        if watch.calls == 0 or (watch.calls == 1 and watch.donated):  # a counter may have become an array since
            return Snapshot(args, kwargs, copied=True, places=watch.places)
        return Snapshot(args, kwargs, donated=watch.donated, places=watch.places)

    def _after(
        self, watch: FunctionWatch, before: Snapshot, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> None:
        if watch.calls <= 2:
            watch.donated = lost_in(args, kwargs)
        if watch.earlier:
            watch.earlier = False
            watch.has_gradient = watch.has_gradient or _asks_for_one(watch, before)
        if watch.has_gradient:
            self.stepped(watch, before, out)
        else:
            self._called(watch, before, out)

    # --- gradients ------------------------------------------------------------------------------

    def gradient(
        self, called: Any, fun: Any, argnums: Any, has_aux: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Snapshot | None:
        """A gradient is asked for. Outside of any compiled function this is the training step itself."""
        probe = probing()
        if probe is not None and not probe.running:
            answer(fun, argnums, has_aux, args, kwargs)
        if busy() or probe is not None:
            return None
        if self.open is not None:
            self.open.has_gradient = True
            return None
        if _is_traced(args, kwargs):
            return None
        return self.safely(Snapshot, args, kwargs, places=places_around(fun))  # type: ignore[no-any-return]

    def graded(self, called: Any, fun: Any, before: Snapshot, out: Any) -> None:
        """The gradient outside of compiled functions is there."""
        key = getattr(fun, "__code__", fun)
        watch = self.functions.get(key)
        if watch is None:
            watch = self.functions[key] = FunctionWatch(called, has_gradient=True)
        watch.calls += 1
        self.stepped(watch, before, out)

    # --- trainings ------------------------------------------------------------------------------

    def stepped(self, watch: FunctionWatch, before: Snapshot, out: Any) -> None:
        """A training step was made."""
        if watch.failed:
            return
        if watch.step is None:
            try:
                watch.step = _read(watch, before)
            except Unreadable as error:
                if INSIDE in str(error) and self._followed(watch, before, out):
                    return
                watch.failed = True
                self.unread.append(str(error))
                return
        step = watch.step
        model = None if step.object is None else before.objects[step.object]
        leaves = before.like(step.snapshot)
        weights = step.weights(leaves)
        study = self._study_of(watch, model, weights, before)
        if study is None:
            study = self._opened(watch, before, model, out)
        if study.n_steps == 1 and study.second is None:
            study.second = copied(weights)
        study.last = weights
        study.see(leaves, out)
        study.results = {} if model is not None else (weights_in(out, weights) or {})
        if model is not None and not study.rows.wants_keys and study.n_steps > 2 and study.loss_at is not None:
            watch.settled = study

    def _followed(self, watch: FunctionWatch, before: Snapshot, out: Any) -> bool:
        """Whether the steps inside the loops of this call could be seen when it was run again."""
        if before.objects or self.unrolled is not None:
            return False
        args, kwargs, _ = before.rebuilt(before.leaves)
        run = functools.partial(watch.raw, *args, **kwargs)
        return bool(self.safely(Unrolled(self).follow, run, out))

    def looped(self, name: str, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A loop of the program's that JAX compiles; outside of any compiled function it may be the training itself."""
        if self.unrolled is not None and not _is_traced(args, kwargs):
            return self.unrolled.loop(name, original, args, kwargs)
        out = original(*args, **kwargs)
        if not busy() and self.open is None and probing() is None and not _is_traced((args, out), kwargs):
            unrolled = Unrolled(self)
            run = functools.partial(self.looped, name, original, args, kwargs)
            self.safely(unrolled.follow, run, out)
        return out

    def _study_of(self, watch: FunctionWatch, model: Any, weights: dict[str, Any], before: Snapshot) -> Study | None:
        """The training that this step goes on; ``None`` when it begins another one."""
        given = {name: before.original(one) for name, one in weights.items()}  # they may be gone by now
        for study in reversed(self.studies):
            if model is not None and study.model is model:
                return study
            if study.raw is not watch.raw or study.model is not model:
                continue
            goes_on = bool(study.results) and all(study.results.get(name) is one for name, one in given.items())
            study.verified |= goes_on
            if goes_on or not study.verified or not same_weights(weights, study.initial):
                return study
            if study.carried_into(before):
                study.restarts += 1
                return study
            return None
        return None

    def _opened(self, watch: FunctionWatch, before: Snapshot, model: Any, out: Any) -> Study:
        assert watch.step is not None
        step = watch.step
        if any(one.raw is watch.raw for one in self.studies):  # the same function trains another model
            step = watch.step = _read(watch, before)
        study = Study(watch.raw, step, model, user_line())
        self.studies.append(study)
        del self.studies[:-MAX_STUDIES]
        study.held = self.held(step.batch)
        study.loops = counted_loops(sys._getframe(1))
        study.optimizer = self._optimizer_of(before, study)
        study.find_loss(out)
        if model is not None:
            self._new_models.append(type(model))
        return study

    def _optimizer_of(self, before: Snapshot, study: Study) -> Any:
        """The NNX optimizer or train state among the arguments, else the last one that the program made."""
        for one in (*before.objects, *before.states()):
            if hasattr(one, "tx") and hasattr(one.tx, "update"):
                return one
        if study.model is not None and id(study.model) in self.trained_by:
            return self.trained_by[id(study.model)]
        fitting = [one for one in self.optimizers if before.holds_state_of(one, study.step)]
        return (fitting or self.optimizers or [None])[-1]

    def applied(self, result: Any) -> None:
        """``optax.apply_updates`` gave these weights."""
        if busy() or self.open is not None or _is_traced((result,), {}):
            return
        for study in reversed(self.studies):
            found = None if study.model is not None else weights_in(result, study.initial)
            if found is not None:
                study.results = found
                return

    # --- everything else ------------------------------------------------------------------------

    def _called(self, watch: FunctionWatch, before: Snapshot, out: Any) -> None:
        """A compiled function without a gradient: an evaluation, or the update of the weights."""
        if not self.studies:
            return
        study = self.studies[-1]
        if study.model is None:
            found = weights_in(out, study.initial)
            if found is not None:
                study.results = found
                return
        weights = weights_given(study, before.given, before.objects)
        twin = twin_among(before.objects, study.model)
        names = tuple(id(study.model if one is twin else one) for one in before.objects)
        self.serve(Served(watch.raw, before, out, study.n_steps, user_line(), names, weights))

    def serve(self, served: Served) -> None:
        """Keep the last calls; many calls from one line are one evaluation in pieces."""
        self.served.append(served)
        lines = [one.line for one in self.served]
        if len(set(lines)) > MAX_SERVED or len(lines) > 40 * MAX_SERVED:
            first = lines[0]
            self.served = [one for i, one in enumerate(self.served) if one.line != first or i > len(lines) // 2]

    def modes_before(self, module: Any) -> Any:
        """Modes of a module that a trace of ours waits for."""
        return modes_before(module) if probing() is not None else None

    def model_called(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, modes: Any) -> None:
        """A network that is trained is called outside of compiled functions, or in a trace of ours."""
        if probing() is not None:
            note_call(module, args, kwargs, out, modes or {})
            return
        if busy() or self.open is not None or _is_traced((args, out), kwargs):
            return
        for study in reversed(self.studies):
            if type(study.model) is type(module) or (study.model is None and study.step.probe.call is not None):
                shown = args if study.model is not None else args[1:]  # Linen is given the weights first
                snapshot = Snapshot(shown, {name: one for name, one in kwargs.items() if name != "variables"})
                weights = weights_given(study, (args[:1], kwargs), (module,))
                self.serve(Served(None, snapshot, out, study.n_steps, user_line(), (id(study.model),), weights))
                return


def _read(watch: FunctionWatch, before: Snapshot) -> Step:
    """The step, with the variables around it as inputs where the program runs so."""
    try:
        return Step(watch.raw, before)
    except Unreadable:
        raise
    except Exception as first:
        if not before.places:
            raise Unreadable(f"the training step could not be traced again ({_first_line(first)})") from first
        try:
            before.forget_places()
            watch.places = []
            return Step(watch.raw, before)
        except Exception as error:
            raise Unreadable(f"the training step could not be traced again ({_first_line(error)})") from error


def _asks_for_one(watch: FunctionWatch, before: Snapshot) -> bool:
    """Whether the function asks for a gradient when it is traced."""
    try:
        watch.step = _read(watch, before)
    except Unreadable as error:
        return NO_GRADIENT not in str(error)
    return True


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:160]}"


def _is_traced(args: Any, kwargs: Any) -> bool:
    """Whether we are inside a trace of the program's own."""
    return any(isinstance(one, jax.core.Tracer) for one in jax.tree_util.tree_leaves((args, kwargs)))

"""Keras 3 on PyTorch: steps run eagerly, as its own ``fit`` runs them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, final

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from defib.adapters.keras.backends.abstract import Backend, Report, reseed_generators
from defib.adapters.keras.clone import Clone
from defib.adapters.keras.flavor import ACTIVATIONS, to_numpy
from defib.adapters.keras.own_step import Meeting, NoLoss, Step, idle, shape_of, thawed
from defib.adapters.keras.program import Design, Program, each, float32
from defib.adapters.keras.trace import call_model, first_output, swapped
from defib.subject import AnyArray

ELEMENTWISE = frozenset({"sub", "add", "mul", "div", "rsub", "maximum", "minimum", "pow", "xlogy"})


@final
class TorchBackend(Backend):
    """See `Backend`."""

    gives_none = True

    def rows(self, X: AnyArray) -> Any:
        """A tensor on the device Keras uses; texts stay as they are."""
        return as_tensor(X)

    def reseed(self, clone: Clone, seed: int) -> None:
        """Keras' seed generators, and PyTorch's own state for modules of the user's."""
        reseed_generators(clone, seed)
        torch.manual_seed(seed)

    def gradients(
        self, clone: Clone, variables: Sequence[Any], compute: Callable[[], Any], *, eager: bool
    ) -> list[Any]:
        """By autograd; nothing is left in any ``.grad``."""
        values = [v.value for v in variables]
        with _wanted(values), torch.enable_grad():
            loss = compute()
            return self.to_numpy(_gradients(loss, values))

    def value(self, compute: Callable[[], Any], *, eager: bool) -> float:
        """Without a graph."""
        with torch.no_grad():
            return float(to_numpy(compute()))

    def run_step(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any]) -> Step:
        """``backward`` is watched: what it is called on is the loss."""
        step = Step()
        original = torch.Tensor.backward
        values = [v.value for v in variables]

        def backward(loss: Any, *args: Any, **kwargs: Any) -> None:
            if step.loss is None:
                step.loss = loss.detach()
                step.gradients = _gradients(loss, values, keep=True)
            original(loss, *args, **kwargs)

        with _grads_kept(model), idle(model.optimizer), torch.enable_grad():
            torch.Tensor.backward = backward  # type: ignore[method-assign,unused-ignore]
            try:
                model.train_step(data)
            finally:
                torch.Tensor.backward = original  # type: ignore[method-assign,unused-ignore]
        if step.loss is None:
            raise NoLoss("the model's own train_step took no gradient")
        return step

    def own_gradients(self, model: Any, data: tuple[Any, ...], variables: Sequence[Any], *, eager: bool) -> list[Any]:
        """What ``backward`` would give; layers the user froze are thawed for it."""
        with thawed(model):
            return self.to_numpy(self.run_step(model, data, variables).gradients)

    def program(self, design: Design) -> Program:
        """Eager."""
        return _Program(design)

    @contextmanager
    def activations_seen(self, report: Report) -> Iterator[None]:
        """Functions of PyTorch, called by the user or by ``keras.ops``."""
        with _Activations(report):
            yield

    @contextmanager
    def meeting(self, model: Any, labels: Any) -> Iterator[Meeting]:
        """Through the functions of PyTorch."""
        found = Meeting()
        seen = _Followed(found, labels)
        original = model.call

        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            seen.predictions[id(result)] = result
            return result

        with swapped(model, "call", call), seen:
            yield found

    def broadcasts(self, loss: Callable[[Any, Any], Any], y: Any, p: Any) -> list[tuple[int, ...]]:
        """Through PyTorch's dispatcher."""
        found = _Broadcasts()
        try:
            with torch.no_grad(), found:
                loss(y, p)
        except Exception:  # labels of a shape the loss rejects: what was seen up to then is the fact
            pass
        return found.shapes

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Without a graph."""
        with torch.no_grad():
            yield


def as_tensor(array: AnyArray) -> Any:
    """A tensor as ``fit`` makes it; texts stay as they are."""
    import keras

    array = float32(array)
    return keras.ops.convert_to_tensor(array) if array.dtype.kind in "fiub" else array


@contextmanager
def _wanted(values: list[Any]) -> Iterator[None]:
    """Frozen weights ask for a gradient for a while."""
    flags = [one.requires_grad for one in values]
    try:
        for one in values:
            if one.is_floating_point():
                one.requires_grad_(True)
        yield
    finally:
        for one, flag in zip(values, flags, strict=True):
            one.requires_grad_(flag)


def _gradients(loss: Any, values: list[Any], *, keep: bool = False) -> list[Any]:
    if not loss.requires_grad:
        return [None] * len(values)
    asked = [one for one in values if one.requires_grad]
    found = torch.autograd.grad(loss, asked, allow_unused=True, retain_graph=keep) if asked else ()
    by_id = {id(one): g for one, g in zip(asked, found, strict=True)}
    return [by_id.get(id(one)) for one in values]


@contextmanager
def _grads_kept(model: Any) -> Iterator[None]:
    """What the weights hold in ``.grad`` is put back: the model may be the user's own."""
    kept = [(one, one.grad, None if one.grad is None else one.grad.clone()) for one in model.parameters()]
    try:
        yield
    finally:
        for one, grad, value in kept:
            one.grad = grad
            if grad is not None and value is not None:
                grad.copy_(value)


class _Activations(TorchFunctionMode):  # type: ignore[misc,unused-ignore]
    """Reports activations."""

    def __init__(self, report: Report) -> None:
        TorchFunctionMode.__init__(self)
        self._report = report

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        kind = ACTIVATIONS.get(str(getattr(func, "__name__", "")))
        if kind not in (None, "linear") and args and isinstance(args[0], torch.Tensor) and torch.is_tensor(result):
            self._report(str(kind), args[0], result)
        return result


class _Followed(TorchFunctionMode):  # type: ignore[misc,unused-ignore]
    """Follows outputs and labels; every tensor on the way is kept alive, so that no ``id`` comes back."""

    def __init__(self, found: Meeting, labels: Any) -> None:
        TorchFunctionMode.__init__(self)
        self._found = found
        self.predictions: dict[int, Any] = {}
        self._targets: dict[int, Any] = {id(labels): labels}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        given = [one for one in (*args, *(kwargs or {}).values()) if torch.is_tensor(one)]
        of_model = [one for one in given if id(one) in self.predictions]
        of_labels = [one for one in given if id(one) in self._targets]
        if not torch.is_tensor(result) or not (of_model or of_labels):
            return result
        if of_model and of_labels and self._found.element is None:
            self._found.operation = str(getattr(func, "__name__", ""))
            self._found.prediction, self._found.target = shape_of(of_model[0]), shape_of(of_labels[0])
            self._found.element = shape_of(result)
        (self.predictions if of_model else self._targets)[id(result)] = result
        return result


class _Broadcasts(TorchDispatchMode):  # type: ignore[misc,unused-ignore]
    """Notes element-wise operations whose operands were both smaller than the result."""

    def __init__(self) -> None:
        TorchDispatchMode.__init__(self)
        self.shapes: list[tuple[int, ...]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        name = str(func._schema.name).split("::")[-1]
        pair = [shape_of(one) for one in args if torch.is_tensor(one)]
        if name in ELEMENTWISE and len(pair) == 2 and torch.is_tensor(result) and all(pair) and pair[0] != pair[1]:
            out = shape_of(result)
            if np.prod(out) > max(np.prod(one) for one in pair):
                self.shapes.append(out)
        return result


@final
class _Native:
    """An optimizer of PyTorch with the few methods of a Keras one that a `Program` needs."""

    variables: ClassVar[list[Any]] = []

    def __init__(self, cls: type[Any], config: dict[str, Any], variables: list[Any], regularization: float) -> None:
        self._values = [v.value for v in variables]
        self._rate = float(config.pop("learning_rate"))
        decay = config.get("weight_decay")
        self._settings = {**config, "weight_decay": decay * regularization} if decay else config
        self._class = cls
        self.renew()

    def renew(self) -> None:
        """As before the first step."""
        self._inner = self._class(self._values, lr=self._rate, **self._settings)

    @property
    def learning_rate(self) -> float:
        """Of all parameters."""
        return float(self._inner.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        for group in self._inner.param_groups:
            group["lr"] = value

    def apply(self, gradients: list[Any], variables: list[Any]) -> None:
        """One step."""
        for value, gradient in zip(self._values, gradients, strict=True):
            value.grad = gradient
        self._inner.step()
        for value in self._values:
            value.grad = None


@final
class _Program(Program):
    """One update after the other."""

    def __init__(self, design: Design) -> None:
        Program.__init__(self, design)
        self._modules = [one for one in design.clone.model.modules() if not hasattr(one, "_flatten_layers")]

    def _build(self) -> None:
        """An optimizer of PyTorch stays one."""
        if not issubclass(self.plan.cls, torch.optim.Optimizer):
            Program._build(self)
            return
        self._optimizer = _Native(self.plan.cls, dict(self.plan.config), self.variables, self.design.regularization)

    def _reset(self, factor: float) -> None:
        """Its state is made anew."""
        if isinstance(self._optimizer, _Native):
            self._optimizer.renew()
        Program._reset(self, factor)

    def tensor(self, array: AnyArray) -> Any:
        """A tensor."""
        return as_tensor(array)

    def reseed(self, seed: int) -> None:
        """See `TorchBackend.reseed`."""
        TorchBackend().reseed(self.clone, seed)

    def steps(self, x: Any, y: Any, w: Any, order: AnyArray, batch: int) -> AnyArray:
        """Losses are read once, at the end."""
        losses = []
        with torch.enable_grad(), self._modes(training=True):
            for start in range(0, len(order), batch):
                device = getattr(y[0] if isinstance(y, tuple) else y, "device", None)
                index = torch.as_tensor(order[start : start + batch], device=device)
                rows = x[index] if torch.is_tensor(x) else x[order[start : start + batch]]
                pick = operator.itemgetter(index)
                losses.append(self._update(rows, each(pick, y), None if w is None else each(pick, w)))
        return np.asarray(torch.stack([one.reshape(()).float() for one in losses]).cpu().numpy())

    @contextmanager
    def _modes(self, *, training: bool) -> Iterator[None]:
        """Modules that are no layers of Keras go by PyTorch's own mode."""
        before = [one.training for one in self._modules]
        try:
            for one in self._modules:
                one.training = training
            yield
        finally:
            for one, mode in zip(self._modules, before, strict=True):
                one.training = mode

    def _update(self, x: Any, y: Any, weight: Any) -> Any:
        model = self.clone.model
        if self.objective.own_step:
            return self._own_update(x, y, weight)
        p = self.clone.answers(call_model(model, x, training=self.design.training))
        loss = self.objective.of(self.clone, x, y, p, weight, self.limits.regularization)
        if self.variables:
            self._apply(_gradients(loss, [v.value for v in self.variables]))
        return loss.detach()

    def _apply(self, gradients: list[Any]) -> None:
        """Keras wants every variable the optimizer was built for: an unused one gets a zero gradient."""
        if all(g is None for g in gradients):
            return
        pairs = zip(gradients, self.variables, strict=True)
        with torch.no_grad():
            self._optimizer.apply([torch.zeros_like(v.value) if g is None else g for g, v in pairs], self.variables)

    def _own_update(self, x: Any, y: Any, weight: Any) -> Any:
        """The user's ``train_step`` with our optimizer; or only its loss, and the update for all variables ours."""
        model = self.clone.model
        if self.objective.reshape:
            with torch.no_grad():
                y = y.reshape(first_output(call_model(model, x, training=False)).shape)
        data = (x, y) if weight is None else (x, y, weight)
        with swapped(model, "optimizer", self._optimizer):
            if self.design.as_recorded:
                logs = model.train_step(data)
                value = logs.get("loss", 0.0) if isinstance(logs, dict) else 0.0
                return torch.as_tensor(to_numpy(value) if hasattr(value, "shape") else value, dtype=torch.float32)
            step = TorchBackend().run_step(model, data, self.variables)
        self._apply(step.gradients)
        return step.loss

    def outputs(self, x: Any) -> Any:
        """Without a graph."""
        with torch.no_grad(), self._modes(training=False):
            return self.clone.answer(call_model(self.clone.model, x, training=False))

"""A clone that can be run, recorded, edited and trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, final

import numpy as np
import torch
from torch import nn

from defib.adapters.torch.arrays import tensors_in, to_numpy
from defib.adapters.torch.captured import Captured
from defib.adapters.torch.clone import clone_module, device_of, floating_of, forget, load_state, unwrapped
from defib.adapters.torch.layout import led, led_array
from defib.adapters.torch.recorder import OpRecord, Recorder, Stack
from defib.adapters.torch.surgery import FUNCTIONS, Place, Replacement, Surgery
from defib.adapters.torch.turned import TurnedMasks
from defib.subject import AnyArray, FloatArray, Layer, LayerOutput, NotAvailable

CHUNK_ROWS = 1024
"""Rows per forward pass when only outputs are wanted."""


@final
class Network:
    """The user's module, copied, with the door in front of it and the folded activations behind it."""

    def __init__(
        self, captured: Captured, state: Mapping[str, Any] | None = None, memories: Sequence[tuple[str, str]] = ()
    ) -> None:
        if captured.door is None or not captured.door.parts:
            raise NotAvailable("rows to look at")
        if captured.lacks:
            raise NotAvailable(captured.lacks)
        self.captured = captured
        self.memories = memories
        """Attributes that its calls in evaluation mode would answer other rows from: emptied before each."""
        self.module = clone_module(unwrapped(captured.module))
        if state is not None:
            load_state(self.module, state)
        self.device = device_of(self.module)
        self.floating = floating_of(self.module)
        self.door = captured.door.to(self.device)
        self.folded: list[str] = list(captured.folded)
        self.at_door: Any = None
        self.extras = nn.ModuleList()
        self.plan: dict[Place, Replacement] = {}
        self._surgery: Surgery | None = None
        self.turned: TurnedMasks | None = None
        """Turns masks around; no other step is changed then."""
        self.whole_X = None if captured.whole is None else captured.whole.X
        """All rows as they stand at the door (after the arm's transform), where they are taken only together."""
        self._base: tuple[Any, ...] | None = None

    def eval(self) -> Network:
        """Evaluation mode everywhere."""
        self.module.eval()
        self.extras.eval()
        return self

    def train(self, modes: Mapping[str, bool] | None = None) -> Network:
        """Training mode, or the recorded mode of each submodule."""
        self.module.train()
        self.extras.train()
        for path, one in self.module.named_modules():
            if modes:
                one.training = modes.get(path, True)
        return self

    def tensors(self, X: AnyArray) -> tuple[Any, ...]:
        """Rows as tensors on the model's device; with their numbers as the last one where rows are taken together."""
        found = self.door.tensors(X, floating=self.floating, device=self.device)
        numbers = self.numbers(X)
        return found if numbers is None else (*found, torch.as_tensor(numbers, device=self.device))

    def numbers(self, X: AnyArray) -> Any:
        """Which of all rows these are, ``(n_rows,)``; ``None`` where rows stand alone."""
        return None if self.captured.whole is None else self.captured.whole.numbers_of(X)

    def _all_rows(self, tensors: Sequence[Any]) -> Sequence[Any]:
        """What is sent: these rows, at their places among all where they are taken only together."""
        if self.whole_X is None:
            return tensors
        if self._base is None:
            self._base = self.door.tensors(self.whole_X, floating=self.floating, device=self.device)
        *rows, numbers = tensors
        pairs = zip(self._base, rows, strict=True)
        return tuple(base.index_copy(0, numbers, one.to(base.dtype)) for base, one in pairs)

    def outputs(self, tensors: Sequence[Any]) -> list[Any]:
        """All output tensors of one call, for these rows; folded activations are applied to the prediction."""
        sent = self._all_rows(tensors)
        found = self._called(sent)
        if self.whole_X is None:
            return found
        n_rows, numbers = len(sent[0]), tensors[-1]
        return [one.index_select(0, numbers) if one.dim() and len(one) == n_rows else one for one in found]

    def _called(self, tensors: Sequence[Any]) -> list[Any]:
        if self.at_door is not None:
            tensors = (self.at_door(tensors[0]), *tensors[1:])
        args, kwargs = self.door.call(tensors)
        if self.memories and not self.module.training:
            forget(self.module, self.memories)
        with self._edited():
            found = list(tensors_in(self.module(*args, **kwargs)))
        if not found:
            raise NotAvailable("a model that returns a tensor")
        at = min(self.captured.selected, len(found) - 1)
        for name in self.folded:
            found[at] = FUNCTIONS[name](found[at])
        return found

    def prediction(self, outputs: Sequence[Any]) -> Any:
        """The output tensor that is the prediction."""
        return outputs[min(self.captured.selected, len(outputs) - 1)]

    def _edited(self) -> Any:
        if self.turned is not None:
            return self.turned
        if not self.plan:
            return nullcontext()
        if self._surgery is None or self._surgery.plan.keys() != self.plan.keys():
            self._surgery = Surgery(self.plan)
        return self._surgery

    def predict(self, X: AnyArray) -> FloatArray:
        """Outputs of some rows in the present mode, ``(n_rows, ...)``."""
        size = 1 if self.door.unbatched else CHUNK_ROWS if self.whole_X is None else max(len(X), 1)
        pieces = []
        with torch.no_grad():
            for start in range(0, max(len(X), 1), size):
                rows = X[start : start + size]
                pieces.append(self.as_rows(self.prediction(self.outputs(self.tensors(rows))), len(rows)))
        return np.concatenate(pieces)

    def n_sent(self, X: AnyArray) -> int:
        """How many rows go through when these are asked about."""
        return len(X) if self.whole_X is None else len(self.whole_X)

    def as_rows(self, output: Any, n_rows: int) -> FloatArray:
        """An output tensor as ``(n_rows, ...)``."""
        array = led_array(to_numpy(output), n_rows, self.door.lie(self.captured.selected))
        return rows_first(array[None] if self.door.unbatched else array, n_rows)

    def rows_lead(self, output: Any, n_rows: int) -> Any:
        """The prediction, live, with rows first where the network has them elsewhere."""
        lie = self.door.lie(self.captured.selected)
        return output if lie == "first" else led(output, n_rows, lie)

    def record(self, X: AnyArray, *, keep_values: bool = True) -> tuple[list[OpRecord], Any]:
        """Every call that these rows go through, and the prediction tensor (before any folded activation).

        Where rows are taken only together, records and tensor hold all of them: see `n_sent`.
        """
        tensors = self._all_rows(self.tensors(X))
        stack = Stack()
        folded, self.folded = self.folded, []
        try:
            with torch.no_grad(), stack.watching(self.module):
                recorder = Recorder(self.module, stack, tensors, self.n_sent(X), keep_values=keep_values)
                recorder.unbatched, recorder.time_first = self.door.unbatched, self.door.time_first
                with recorder:
                    output = self.prediction(self._called(tensors))
        finally:
            self.folded = folded
        return recorder.records, output


def folded_layers(network: Network, output: Any, n_rows: int) -> tuple[list[LayerOutput], Any]:
    """The activations that the user's program applies after the model, as layers, and their output."""
    found = []
    for name in network.folded:
        output = FUNCTIONS[name](output)
        values = network.as_rows(output, n_rows)
        found.append(LayerOutput(Layer(f"output:{name}", "activation", name, int(values.shape[-1])), values))
    return found, output


def rows_first(array: AnyArray, n_rows: int) -> FloatArray:
    """An output as ``(n_rows, ...)``: time that was flattened into the rows comes back as an axis."""
    if array.dtype.kind not in "fc":
        array = array.astype(np.float64)
    if array.ndim and array.shape[0] == n_rows:
        return array
    if n_rows == 1:
        return array[None]
    if array.ndim and n_rows and array.shape[0] % n_rows == 0:
        return array.reshape(n_rows, -1, *array.shape[1:])
    if array.ndim > 1 and array.shape[1] == n_rows:
        return np.ascontiguousarray(np.moveaxis(array, 1, 0))
    raise NotAvailable(f"an output per row (the model returned {array.shape} for {n_rows} rows)")

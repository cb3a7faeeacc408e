"""Follow a model's output through the operations of a hand-made loss, up to where it meets the labels.

``tf.reduce_mean((y - model(x)) ** 2)`` is no object that could be asked what it is. Between the forward pass and
``tape.gradient`` the operations that take the output, or what came of it, are seen one by one; the other operand of the
first one with one entry per row is the labels, in the shape in which they met the output.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from defib.subject import AnyArray

MAX_OPERATIONS: Final = 64
SAME_VALUES: Final = frozenset({"Cast", "Reshape", "Squeeze", "ExpandDims", "Identity", "OneHot"})
"""What labels may go through on their way and still be those labels."""
BLANK: Final = frozenset({"Const", "Fill", "ZerosLike", "OnesLike"})
"""Zeros and ones in the shape of the output, which a cross-entropy makes for itself."""


@dataclass(frozen=True)
class Met:
    """What the first steps of a loop showed of their loss."""

    operations: tuple[str, ...]
    """From the one that took the output and the labels to the loss, by TensorFlow's names."""
    prediction: tuple[int | None, ...]
    target: tuple[int | None, ...]
    element: tuple[int | None, ...]
    """Shapes where output and labels met, and of what came out; ``None`` where a graph leaves the size open."""
    value: float | None = None
    """The loss of the batch, where it could be read."""
    y: AnyArray | None = None
    p: AnyArray | None = None
    """Labels and outputs of that batch; both before any reshape in the loss."""


@dataclass
class Look:
    """One forward pass, from the output on; ``see`` is a TensorFlow operation callback."""

    output: Any
    labels: Any = None
    """As they were before any cast or reshape between the model's call and the meeting."""
    operations: list[str] = field(default_factory=list)
    prediction: tuple[int | None, ...] = ()
    target: tuple[int | None, ...] = ()
    element: tuple[int | None, ...] = ()
    _predicted: dict[Any, Any] = field(default_factory=dict)
    _origin: dict[Any, tuple[Any, Any]] = field(default_factory=dict)
    """Per tensor: itself, and the tensor it was reshaped from (kept alive, so that no ``id`` comes back)."""
    _blank: dict[Any, Any] = field(default_factory=dict)
    """Constants that the loss made for itself."""
    _watching: bool = False
    _listener: Any = None
    """Of PyTorch."""

    def start(self) -> None:
        """Listen to the operations of this thread."""
        self._predicted.update({key(one): one for one in (self.output, *logits_behind(self.output))})
        self._watching = True
        if type(self.output).__module__.split(".")[0] == "torch":
            from defib.capture.keras_look_torch import TorchListener

            self._listener = TorchListener(self._see)
            self._listener.start()
            return
        from tensorflow.python.framework import op_callbacks

        op_callbacks.add_op_callback(self.see)

    def stop(self) -> None:
        """Listen no longer; may be called twice."""
        if not self._watching:
            return
        self._watching = False
        if self._listener is not None:
            self._listener.stop()
            return
        from tensorflow.python.framework import op_callbacks

        op_callbacks.remove_op_callback(self.see)

    def see(self, op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
        """One operation; never raises."""
        try:
            self._see(op_type if isinstance(op_type, str) else op_type.decode(), tuple(inputs), tuple(outputs))
        except Exception:  # a tensor of an unusual kind: it is neither output nor labels
            return

    def _see(
        self,
        name: str,
        inputs: tuple[Any, ...],
        outputs: tuple[Any, ...],
        element: tuple[int, ...] | None = None,
    ) -> None:
        if len(self._origin) + len(self._predicted) > 4 * MAX_OPERATIONS:
            return
        mine = [one for one in inputs if key(one) in self._predicted]
        if not mine and name in BLANK and outputs:
            self._blank[key(outputs[0])] = outputs[0]
            return
        if not mine:
            if name in SAME_VALUES and _per_row(inputs[0], self.output) and _per_row(outputs[0], self.output):
                self._origin[key(outputs[0])] = (outputs[0], self._before(inputs[0]))
            return
        others = [one for one in inputs if key(one) not in self._predicted and self._may_be_labels(one)]
        if self.labels is None and others and outputs:
            self.labels = self._before(others[0])
            self.prediction, self.target = shape_of(mine[0]), shape_of(others[0])
            self.element = shape_of(outputs[0]) if element is None else element
        if self.labels is not None:
            self.operations.append(name)
        self._predicted.update({key(one): one for one in outputs})

    def _may_be_labels(self, tensor: Any) -> bool:
        made = getattr(getattr(tensor, "op", None), "type", "") if is_symbolic(tensor) else ""
        return _per_row(tensor, self.output) and made not in BLANK and key(tensor) not in self._blank

    def _before(self, tensor: Any) -> Any:
        return self._origin.get(key(tensor), (tensor, tensor))[1]

    def leads_to(self, loss: Any) -> bool:
        """Whether this scalar was computed from the output."""
        return key(loss) in self._predicted

    def met(self, value: float | None = None, y: AnyArray | None = None, p: AnyArray | None = None) -> Met:
        """What was seen, as a fact."""
        return Met(tuple(self.operations), self.prediction, self.target, self.element, value, y, p)


def logits_behind(output: Any) -> list[Any]:
    """What went into the output's sigmoid or softmax, where Keras' cross-entropies reach for it instead."""
    found = [getattr(output, "_keras_logits", None)]
    if is_symbolic(output) and getattr(output.op, "type", "") in ("Sigmoid", "Softmax"):
        found.append(output.op.inputs[0])
    return [one for one in found if one is not None]


def key(tensor: Any) -> Any:
    """A name for a tensor: a graph may show the same one as two objects."""
    graph = getattr(tensor, "graph", None) if is_symbolic(tensor) else None
    return id(tensor) if graph is None else (id(graph), tensor.name)


def is_symbolic(tensor: Any) -> bool:
    """A tensor of a graph that is being traced: it has no value."""
    return hasattr(tensor, "graph") and not hasattr(tensor, "numpy")


def shape_of(tensor: Any) -> tuple[int | None, ...]:
    """Sizes, ``None`` where the graph leaves them open."""
    return tuple(None if n is None else int(n) for n in tensor.shape)


def _per_row(tensor: Any, output: Any) -> bool:
    """Whether a tensor may have one entry per row of the output."""
    sizes, rows = shape_of(tensor), shape_of(output)
    return bool(sizes and rows) and (sizes[0] is None or rows[0] is None or sizes[0] == rows[0])

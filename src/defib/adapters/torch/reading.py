"""What the loss is: read from the calls between the model's output and ``backward``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import torch

from defib.adapters.torch.arrays import leaf_tensors
from defib.adapters.torch.batches import without_picking
from defib.adapters.torch.layout import Lie
from defib.adapters.torch.masks import Picking, masks, picking
from defib.adapters.torch.numeric import kind_by_numbers
from defib.adapters.torch.ops import ELEMENTWISE_LOSSES, LOSSES, activation_of, kind_of
from defib.adapters.torch.program import (
    Leaf,
    Node,
    Program,
    compile_nodes,
    slice_nodes,
    slots_in,
)
from defib.adapters.torch.scaled_labels import without_scaling
from defib.adapters.torch.walks import ancestors, of_labels, path_to, selected_at
from defib.adapters.torch.weighting import class_weights
from defib.recipe import LossFacts, LossKind, LossTakes

NAMES: Final[Mapping[str, str]] = {
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "binary_cross_entropy": "BCELoss",
    "cross_entropy": "CrossEntropyLoss",
    "nll_loss": "NLLLoss",
    "nll_loss_nd": "NLLLoss",
    "mse_loss": "MSELoss",
    "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss",
    "huber_loss": "HuberLoss",
    "kl_div": "KLDivLoss",
    "poisson_nll_loss": "PoissonNLLLoss",
}
EXPECTED: Final[frozenset[tuple[str, str]]] = frozenset(
    {("sigmoid", "probabilities"), ("softmax", "probabilities"), ("log_softmax", "log_probabilities")}
)
"""(activation between model and loss, what the loss takes) where the model's own outputs are logits, rightly."""


MOST_HEADS: Final = 16
"""Places where outputs meet labels that are looked at."""
OTHER_LABELS: Final = (
    "the loss takes more row values than the labels (sample weights, say); where the loss is computed again they are 1"
)


@dataclass(frozen=True)
class Reading:
    """What was read from one step of the user's loop."""

    program: Program
    facts: LossFacts
    selected: int
    folded: tuple[str, ...]
    link: str
    label: Any
    """The label tensor as the user had it (live), the input where it is its own label, or ``None``."""
    flat_label: bool
    notes: tuple[str, ...] = ()
    replayable: bool = True
    label_lie: Lie = "first"
    label_picked: bool = False
    """The label tensor holds the picked rows only (see `Program.picked`)."""
    others: tuple[Any, ...] = ()
    """Live tensors of the other label leaves, in the order of their keys from 1 on."""
    class_weights: tuple[str, tuple[tuple[float, float], ...]] = ("", ())
    """What weighs the classes, in words, and ``(class, weight)`` of each."""
    order: tuple[int, ...] = ()
    """Numbers of the label and the others among all label tensors of the loss, as they come in it."""
    heads: tuple[Reading, ...] = ()
    """The same loss as the further outputs have it that meet labels of their own."""

    def slim(self) -> Reading:
        """Without the live tensors."""
        return replace(self, label=None, others=(), heads=tuple(one.slim() for one in self.heads))


@dataclass(frozen=True)
class Scene:
    """The live tensors around one loss."""

    outputs: Sequence[Any]
    inputs: Sequence[Any]
    parameters: Mapping[int, str]
    """Name by ``id`` of the parameter."""
    n_rows: int
    time_first: bool = False
    """Rows lie elsewhere than along the first axis, in what goes in or in what comes out."""


def read_loss(nodes: Sequence[Node], loss: Any, scene: Scene) -> Reading | None:
    """Read the loss of one step; ``None`` when it visibly does not come from the model's outputs."""
    kept = _from_row_labels(slice_nodes(nodes, [loss]), scene)
    outputs = {id(one) for one in scene.outputs}
    used = {id(leaf) for node in kept for leaf in leaf_tensors((node.args, dict(node.kwargs)))}
    if not used & outputs and id(loss) not in outputs:
        return None
    picks = picking(kept, scene.outputs, scene.n_rows)
    leaves = _Leaves(scene, kept, picks)
    program = compile_nodes(kept, [loss], leaves, n_rows=scene.n_rows, picks=picks.nodes)
    program = replace(program, picked=picks.numbers)
    return _interpret(program, kept, leaves, scene)


def _from_row_labels(nodes: list[Node], scene: Scene) -> list[Node]:
    known = {id(one) for one in (*scene.outputs, *scene.inputs)} | set(scene.parameters)
    kept = without_scaling(without_picking(nodes, known, scene.n_rows, scene.time_first), known, scene.n_rows)
    first = scene.inputs[0] if scene.inputs else None
    if scene.n_rows == 1 and first is not None and first.dim() == 1 and not first.is_floating_point():
        kept = without_picking(kept, known, len(first))  # one sequence: a label for every step of it
    return kept


class _Leaves:
    """Names every tensor that comes from outside the calls."""

    def __init__(self, scene: Scene, nodes: Sequence[Node], picks: Picking) -> None:
        self.scene = scene
        self.labels: list[Any] = []
        self.outputs = {id(one): i for i, one in enumerate(scene.outputs)}
        self.inputs = {id(one): i for i, one in enumerate(scene.inputs)}
        weights = [node.kwargs.get(key) for node in nodes for key in ("weight", "pos_weight") if not _by_row(node, key)]
        self.weights = {id(one) for one in weights if one is not None}
        self.masks = masks(nodes) | picks.indices
        self.n_picked = None if picks.numbers is None else len(picks.numbers)
        self.long = {int(one.shape[0]) for one in scene.outputs if one.dim()} | {
            int(node.out.shape[0]) for node in nodes if isinstance(node.out, torch.Tensor) and node.out.dim()
        }

    def __call__(self, value: Any, slot: int) -> Leaf:
        key = id(value)
        if key in self.outputs:
            return Leaf("output", slot, self.outputs[key])
        if key in self.scene.parameters:
            return Leaf("parameter", slot, self.scene.parameters[key])
        if key in self.inputs:
            return Leaf("input", slot, self.inputs[key])
        plain = key not in self.weights and key not in self.masks
        if isinstance(value, torch.Tensor) and plain and self._has_rows(value):
            self.labels.append(value)
            kept = value.detach().clone() if len(self.labels) > 1 else None
            return Leaf("label", slot, len(self.labels) - 1, kept, self._is_flat(value), self._lie(value))
        kept = value.detach().clone() if isinstance(value, torch.Tensor) else value
        return Leaf("constant", slot, value=kept)

    def _has_rows(self, value: Any) -> bool:
        if self.scene.n_rows == 1:
            return bool(value.dim() <= 1 or value.shape[0] == 1)
        rows = int(value.shape[0]) if value.dim() else 0
        lies = rows in (self.scene.n_rows, self.n_picked) or self._lie(value) == "second" or self._is_flat(value)
        return bool(value.dim() and lies)

    def _lie(self, value: Any) -> Lie:
        """Where time comes first, labels that are as long have their rows second."""
        if not self.scene.time_first:
            return "first"
        n_rows = self.scene.n_rows
        if value.dim() > 1 and value.shape[1] == n_rows and (value.shape[0] != n_rows or n_rows in self.long):
            return "second"
        return "inner" if self._is_flat(value) else "first"

    def _is_flat(self, value: Any) -> bool:
        """Time flattened into the rows, for labels as for some output."""
        rows, n = int(value.shape[0]) if value.dim() else 0, self.scene.n_rows
        return n > 1 and rows > n and rows % n == 0 and rows in self.long


def _by_row(node: Node, key: str) -> bool:
    """Whether this weight is one of the rows: a binary cross-entropy takes one per element, others one per class."""
    weight = node.kwargs.get(key)
    first = node.args[0] if node.args else None
    if key != "weight" or not node.name.startswith("binary_cross_entropy"):
        return False
    if not isinstance(weight, torch.Tensor) or not isinstance(first, torch.Tensor):
        return False
    return bool(weight.dim() > 0 and weight.shape[0] == first.shape[0] and weight.dim() == first.dim())


def _interpret(program: Program, nodes: Sequence[Node], leaves: _Leaves, scene: Scene) -> Reading:
    first = _as_met(program, nodes, leaves, scene, min(program.meetings, default=None))
    heads = {first.selected: first}
    for meeting in sorted(program.meetings)[1:MOST_HEADS]:
        if selected_at(program, meeting) not in heads:
            one = _as_met(program, nodes, leaves, scene, meeting)
            heads[one.selected] = one
    return replace(first, heads=tuple(heads.values())[1:])


def _as_met(program: Program, nodes: Sequence[Node], leaves: _Leaves, scene: Scene, meeting: int | None) -> Reading:
    """The loss as the output has it that meets its labels there."""
    labels = program.of("label")
    selected = selected_at(program, meeting)
    path = path_to(program, selected, meeting)
    facts, acts = _facts(program, nodes, scene, meeting, selected, path, leaves)
    program, folded = _fold(program, selected, acts)
    program, labels_in_order = _label_first(program, leaves.labels, meeting)
    own_input = not labels and bool(program.of("input"))
    label = labels_in_order[0] if labels else (scene.inputs[0] if own_input and scene.inputs else None)
    others = labels_in_order[1:]
    weights = all(one.is_floating_point() for one in others)
    return Reading(
        program,
        facts,
        selected,
        folded,
        link_of(facts),
        label,
        bool(labels and program.of("label")[0].flat),
        (OTHER_LABELS,) if others else (),
        weights,
        program.of("label")[0].lie if labels and program.of("label") else "first",
        program.picked is not None and label is not None and len(label) == len(program.picked),
        tuple(others),
        class_weights(nodes),
        tuple(next(i for i, any_of in enumerate(leaves.labels) if any_of is one) for one in labels_in_order),
    )


def _label_first(program: Program, labels: list[Any], meeting: int | None) -> tuple[Program, list[Any]]:
    """Number the label leaves so that 0 is the one that meets the prediction first."""
    if len(labels) < 2 or meeting is None:
        return program, labels
    met = of_labels(program, program.steps[meeting])
    reached = ancestors(program, sorted(met), meeting)
    first = next((int(leaf.key) for leaf in program.of("label") if leaf.slot in reached), 0)
    order = [first, *(i for i in range(len(labels)) if i != first)]
    leaves = tuple(
        replace(leaf, key=order.index(int(leaf.key)), value=labels[int(leaf.key)].detach().clone())
        if leaf.kind == "label"
        else leaf
        for leaf in program.leaves
    )
    ordered = tuple(sorted(leaves, key=lambda leaf: int(leaf.key) if leaf.kind == "label" else -1))
    return replace(program, leaves=ordered), [labels[i] for i in order]


def link_of(facts: LossFacts) -> str:
    """What turns the model's outputs into probabilities."""
    if facts.takes == "log_probabilities":
        return "exp"
    if facts.takes == "logits":
        return "sigmoid" if facts.kind == "binary_cross_entropy" else "softmax"
    return "identity"


def _facts(
    program: Program,
    nodes: Sequence[Node],
    scene: Scene,
    meeting: int | None,
    selected: int,
    path: list[int],
    leaves: _Leaves,
) -> tuple[LossFacts, list[int]]:
    shapes = _shapes(program, nodes, meeting)
    function = program.steps[meeting].name if meeting is not None else ""
    acts = [i for i in path if activation_of(program.steps[i].name)]
    if function in LOSSES:
        kind, takes = LOSSES[function]
        kind = _dense_targets(kind, shapes)
        takes, folded = _through(takes, [activation_of(program.steps[i].name) or "" for i in acts], acts)
        takes = _after_log(program, path, takes, acts)
        name = NAMES.get(function, function)
    else:
        kind, takes, folded = _by_numbers(program, scene, selected, acts, leaves)
        name = _expression(program)
    clips = kind == "binary_cross_entropy" and (takes == "probabilities" or (bool(acts) and not folded))
    return LossFacts(name, kind, takes, *shapes, clips_probabilities=clips), folded


def _through(takes: LossTakes, activations: list[str], at: list[int]) -> tuple[LossTakes, list[int]]:
    """What the loss takes, seen from the model's outputs, and the steps to fold into the model."""
    if not activations:
        return takes, []
    if len(activations) == 1 and (activations[0], takes) in EXPECTED:
        return "logits", []
    return takes, at


def _after_log(program: Program, path: list[int], takes: LossTakes, acts: list[int]) -> LossTakes:
    """``nll_loss(torch.log(p), y)`` takes probabilities; after a softmax, logits."""
    logs = [i for i in path if program.steps[i].name == "log"]
    if takes == "log_probabilities" and logs:
        return "logits" if acts else "probabilities"
    return takes


def _dense_targets(kind: LossKind, shapes: tuple[Any, Any, Any]) -> LossKind:
    prediction, target, _ = shapes
    if kind == "sparse_categorical_cross_entropy" and prediction == target and len(prediction or ()) > 1:
        return "categorical_cross_entropy"
    return kind


def _shapes(program: Program, nodes: Sequence[Node], meeting: int | None) -> tuple[Any, Any, Any]:
    """Shapes of prediction, target and elementwise loss where they met."""
    if meeting is None:
        return None, None, None
    step, node = program.steps[meeting], nodes[meeting]
    tensors = leaf_tensors((node.args, dict(node.kwargs)))
    from_label = of_labels(program, step)
    pairs = list(zip(slots_in(step), tensors, strict=False))
    prediction = next((tuple(t.shape) for slot, t in pairs if slot not in from_label), None)
    target = next((tuple(t.shape) for slot, t in pairs if slot in from_label), None)
    if prediction is None or target is None:
        return prediction, target, None
    if step.name in ELEMENTWISE_LOSSES or step.name not in LOSSES:
        return prediction, target, _broadcast(prediction, target)
    return prediction, target, None


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return tuple(torch.broadcast_shapes(a, b))
    except RuntimeError:
        return None


def _by_numbers(
    program: Program, scene: Scene, selected: int, acts: list[int], leaves: _Leaves
) -> tuple[LossKind, LossTakes, list[int]]:
    """A hand-made loss is what it computes: compared with the well-known ones on random outputs."""
    label = leaves.labels[0] if leaves.labels else (scene.inputs[0] if program.of("input") and scene.inputs else None)
    if label is None:
        return "other", "values", []
    found = kind_by_numbers(program, scene, selected, leaves.labels, label)
    if found is not None:
        return *found, []
    if acts:
        folded, _ = _fold(program, selected, acts)
        found = kind_by_numbers(folded, scene, selected, leaves.labels, label)
        if found is not None:
            return *found, acts
    return "other", "values", []


def _fold(program: Program, selected: int, steps: list[int]) -> tuple[Program, tuple[str, ...]]:
    """Activations that act on the prediction alone become part of the model: in the program they hand on."""
    names: list[str] = []
    slots = [leaf.slot for leaf in program.of("output") if leaf.key == selected]
    new = list(program.steps)
    for i, step in enumerate(program.steps):
        users = [one for one in program.steps if set(slots[-1:]) & set(slots_in(one))]
        if users != [step] or not (i in steps or kind_of(step.name) == "reshape") or len(step.outs) != 1:
            continue
        if i in steps:
            names.append(activation_of(step.name) or "linear")
            new[i] = replace(step, name="identity", func=_first, args=step.args[:1], kwargs={}, simple=True)
        slots.append(step.outs[0])
    return replace(program, steps=tuple(new)), tuple(names)


def _first(value: Any) -> Any:
    return value


def _expression(program: Program) -> str:
    """``mean(pow(sub))``: the calls along the first argument, from the loss back."""
    makers = {slot: step for step in program.steps for slot in step.outs}
    names: list[str] = []
    slot: int | None = program.results[0]
    while slot in makers and len(names) < 4:
        step = makers[slot]
        names.append(step.name.strip("_"))
        slot = next((one for one in slots_in(step) if one in makers), None)
    return "(".join(names) + ")" * (len(names) - 1) if names else "the model's own output"

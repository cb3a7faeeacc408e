"""The loss of one training: outputs, rows and labels in, a scalar tensor out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np
import torch

from defib.adapters.canonical import prepare
from defib.adapters.torch.arrays import to_tensor
from defib.adapters.torch.captured import Captured
from defib.adapters.torch.losses import LINKS, canonical
from defib.adapters.torch.network import Network
from defib.adapters.torch.program import Leaf, Program
from defib.adapters.torch.terms import with_terms_times
from defib.recipe import Arm
from defib.subject import AnyArray, NotAvailable

Objective = Callable[[Network, Sequence[Any], Sequence[Any], Any], Any]
"""``(network, row tensors, outputs, labels) -> loss``"""


@final
class Labels:
    """Labels with the other values of the same rows that the loss takes."""

    def __init__(self, y: Any, others: tuple[Any, ...]) -> None:
        self.y = y
        self.others = others

    def __getitem__(self, index: Any) -> Labels:
        """Those of some rows."""
        return Labels(self.y[index], tuple(one[index] for one in self.others))


@final
class UserLoss:
    """The user's own loss, run again."""

    def __init__(
        self,
        program: Program,
        network: Network,
        *,
        attached: bool = False,
        match_shapes: bool = False,
        own_targets: bool = False,
    ) -> None:
        self.own_targets = own_targets
        """The rows that are their own labels are changed as labels here, and stay as they are at the door."""
        self.program = program
        self.attached = attached
        self.match_shapes = match_shapes
        self.parameters: Mapping[str, Any] = dict(network.module.named_parameters(remove_duplicate=False))
        self.constants = {
            leaf.slot: leaf.value.to(network.device) if isinstance(leaf.value, torch.Tensor) else leaf.value
            for leaf in program.of("constant")
        }

    def __call__(self, network: Network, tensors: Sequence[Any], outputs: Sequence[Any], y: Any) -> Any:
        """The loss of one batch."""
        y, others = (y.y, y.others) if isinstance(y, Labels) else (y, ())
        axes = [part.axis for part in network.door.parts]

        def give(leaf: Leaf) -> Any:
            if leaf.kind == "output":
                return outputs[int(leaf.key)]
            if leaf.kind == "label" and leaf.key and others:
                return leaf.laid(others[int(leaf.key) - 1].to(leaf.value.dtype))
            if leaf.kind == "label" and leaf.key:
                return _ones(leaf, len(tensors[0]), y.device)
            if leaf.kind == "label":
                return leaf.laid(y)
            if leaf.kind == "input":
                rows = y if self.own_targets else tensors[int(leaf.key)]
                return rows.movedim(0, axes[int(leaf.key)]) if axes[int(leaf.key)] else rows
            if leaf.kind == "parameter":
                return self.parameters[str(leaf.key)]
            return self.constants[leaf.slot]

        (loss,) = self.program.run(
            give,
            n_rows=len(tensors[0]),
            attached=self.attached,
            match_shapes=self.match_shapes,
            picked=network.captured.picks,
        )
        if not isinstance(loss, torch.Tensor):
            loss = torch.tensor(float(loss))
        return loss if loss.dim() == 0 else loss.sum()


def _ones(leaf: Leaf, n_rows: int, device: Any) -> Any:
    """For values of these rows that are not known."""
    kept = leaf.value
    shape = (len(kept), n_rows, *kept.shape[2:]) if leaf.lie == "second" else (n_rows, *kept.shape[1:])
    return torch.ones(shape, dtype=kept.dtype, device=device)


@final
class CanonicalLoss:
    """A loss that an edit asks for."""

    def __init__(self, name: str) -> None:
        self.function = canonical(name)

    def __call__(self, network: Network, tensors: Sequence[Any], outputs: Sequence[Any], y: Any) -> Any:
        """The loss of one batch."""
        y = y.y if isinstance(y, Labels) else y
        prediction = network.rows_lead(network.prediction(outputs), len(tensors[0]))
        return self.function(prediction, y.to(prediction.dtype) if y.is_floating_point() else y)


@final
class PartedLoss:
    """The user's loss of answers at length 1, and a term that pushes the rows of a batch apart.

    ``log mean exp(-2 |z_i - z_j|^2)`` over all pairs of rows (Wang and Isola, Understanding Contrastive Representation
    Learning through Alignment and Uniformity, 2020).
    """

    def __init__(self, loss: UserLoss) -> None:
        self.loss = loss

    def __call__(self, network: Network, tensors: Sequence[Any], outputs: Sequence[Any], y: Any) -> Any:
        """The loss of one batch."""
        unit = [torch.nn.functional.normalize(one, dim=1) if one.dim() == 2 else one for one in outputs]
        crowded = [
            torch.pdist(one).pow(2).mul(-2).exp().mean().log() for one in unit if one.dim() == 2 and len(one) > 1
        ]
        loss = self.loss(network, tensors, unit, y)
        return loss + torch.stack(crowded).mean() if crowded else loss


def loss_edit(arm: Arm) -> str | None:
    """Name of the canonical loss that the arm asks for, if any."""
    return next((str(edit.value) for edit in arm.edits if edit.op == "loss"), None)


def side_factor(arm: Arm) -> float:
    """By what the arm multiplies terms of the loss that ask something of the outputs alone."""
    return next((float(edit.value or 0.0) for edit in arm.edits if edit.op == "side_terms"), 1.0)


def link_of_arm(captured: Captured, arm: Arm) -> str:
    """What turns the arm's outputs into probabilities."""
    name = loss_edit(arm)
    return captured.link if name is None else LINKS.get(name, "identity")


def objective_for(network: Network, arm: Arm) -> Objective:
    """The loss of an arm. Raises `NotAvailable` when the user's loss is unknown and the arm brings none."""
    name = loss_edit(arm)
    if name is not None:
        return CanonicalLoss(name)
    program = network.captured.program
    if program is None:
        raise NotAvailable("the loss")
    program = with_terms_times(program, weights=arm.regularization_factor, outputs=side_factor(arm))
    match = any(edit.op == "match_shapes" for edit in arm.edits)
    own = arm.targets is not None and not program.of("label") and len(network.door.parts) == 1
    loss = UserLoss(program, network, attached=arm.loop == "canonical", match_shapes=match, own_targets=own)
    return PartedLoss(loss) if any(edit.op == "part" for edit in arm.edits) else loss


def label_tensor(network: Network, arm: Arm, X: AnyArray, y: AnyArray | None, raw: AnyArray | None = None) -> Any:
    """Labels of all rows as the loss takes them, on the model's device.

    ``raw`` are the rows before an input transform; by them, other values that the loss takes are found again.
    """
    labels = _label_tensor(network, arm, X, y)
    extras = network.captured.extras
    if extras is None or loss_edit(arm) is not None or network.door.unbatched:
        return labels
    others = extras(np.asarray(X if raw is None else raw), y)
    return Labels(labels, tuple(to_tensor(one, device=network.device) for one in others))


def _label_tensor(network: Network, arm: Arm, X: AnyArray, y: AnyArray | None) -> Any:
    labels = arm.labelled(np.asarray(X if y is None else y))
    name = loss_edit(arm)
    if name is not None:
        row_shape = network.eval().predict(X[:2]).shape[1:]
        return to_tensor(prepare(name, labels, row_shape), device=network.device)
    tensor = to_tensor(labels, device=network.device)
    dtype = network.captured.label_dtype
    if dtype is None:
        return tensor.to(network.floating) if tensor.is_floating_point() else tensor
    return tensor if arm.targets is not None and not dtype.is_floating_point else tensor.to(dtype)

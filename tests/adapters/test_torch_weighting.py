"""Weights of the classes, as losses of PyTorch's own are given them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from defib.adapters.torch.tape import Tape
from defib.adapters.torch.weighting import class_weights

Z, IDS, HIT = torch.zeros(4, 2), torch.tensor([0, 1, 1, 0]), torch.tensor([0.0, 1.0, 1.0, 0.0])
HEAVY = torch.tensor([1.0, 9.0])
BOTH = ((0.0, 1.0), (1.0, 9.0))


def by_position(z: Any, ids: Any) -> Any:
    return functional.cross_entropy(z, ids, HEAVY)


@pytest.mark.parametrize(
    ("loss", "labels", "expected"),
    [
        (nn.CrossEntropyLoss(weight=HEAVY), IDS, ("the loss's weight", BOTH)),
        (nn.NLLLoss(weight=HEAVY), IDS, ("the loss's weight", BOTH)),
        (by_position, IDS, ("the loss's weight", BOTH)),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor([9.0])), HIT, ("the loss's pos_weight", BOTH)),
        (nn.BCEWithLogitsLoss(pos_weight=torch.tensor(9.0)), HIT, ("the loss's pos_weight", BOTH)),
        (nn.BCEWithLogitsLoss(weight=torch.rand(4)), HIT, ("", ())),
        (nn.CrossEntropyLoss(weight=torch.ones(2)), IDS, ("", ())),
        (nn.CrossEntropyLoss(), IDS, ("", ())),
    ],
    ids=["cross-entropy", "nll", "by-position", "binary", "binary-scalar", "weights-of-rows", "equal", "none"],
)
def test_what_weighs_the_classes(loss: Any, labels: torch.Tensor, expected: tuple[str, Any]) -> None:
    z = Z if labels is IDS else Z[:, 0]
    with Tape() as tape:
        loss(z, labels)
    assert class_weights(tape.nodes) == expected

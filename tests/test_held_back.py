"""What is told of a network that learns less than another model does."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from defib.catalogue import all_causes
from defib.held_back import held_back
from defib.subject import Subject
from tests.causes.books import HEAD, HEALTHY, book, initialization, symptoms
from tests.causes.ill import ILL

BROADCAST = replace(HEAD, prediction_shape=(32, 1), target_shape=(32,), broadcasts=True)


def _trained(kernel: Any) -> Subject:
    parameter = SimpleNamespace(name="w", layer="dense_1", end=np.asarray(kernel, dtype=np.float32))
    return cast(Subject, SimpleNamespace(framework="numpy", parameters=lambda: [parameter]))


COPIES = np.tile(np.arange(4.0)[:, None], (1, 8))
DRAWN = np.random.default_rng(0).normal(size=(4, 8))


def test_a_loss_that_broadcasts_is_told_although_the_network_learns() -> None:
    found = held_back(_trained(DRAWN), book(symptoms(HEALTHY), BROADCAST), all_causes())
    assert found is not None
    assert found[0].name == "broadcast-loss"


@pytest.mark.parametrize(("kernel", "told"), [(COPIES, True), (COPIES * (1 + 1e-6 * DRAWN), True), (DRAWN, False)])
def test_units_that_began_alike_count_if_they_stayed_so(kernel: Any, told: bool) -> None:
    alike = ILL["DF601"]
    facts = next(one for one in alike.found.values() if type(one).__name__ == "InitializationFacts")
    found = held_back(_trained(kernel), book(symptoms(HEALTHY), facts), all_causes())
    assert (found is not None) is told


def test_nothing_is_told_of_a_sound_program() -> None:
    assert held_back(_trained(DRAWN), book(symptoms(HEALTHY), initialization()), all_causes()) is None

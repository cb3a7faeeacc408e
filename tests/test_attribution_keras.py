"""Every cause's broken and healthy program in Keras on TensorFlow; see `tests.attribution`."""

from __future__ import annotations

import pytest

from tests.attribution import assert_named_first, assert_not_accused
from tests.scenarios import CAUSES, INSIDE


@pytest.mark.parametrize("name", [*CAUSES, *INSIDE])
def test_the_broken_program_names_its_cause_first(name: str) -> None:
    assert_named_first(name, "keras")


@pytest.mark.parametrize("name", [*CAUSES, *INSIDE])
def test_the_healthy_twin_is_not_accused_of_it(name: str) -> None:
    assert_not_accused(name, "keras")

"""What is said of changes after which nothing else shows."""

from __future__ import annotations

from defib.diagnosis import Trial
from defib.trials.seen_again import seen_again


def trial(name: str, recovery: float, *, sufficient: bool = False) -> Trial:
    return Trial(name, "treated", "", (0, 1, 2), (recovery,) * 3, (), (), sufficient=sufficient)


def test_what_was_enough_left_nothing() -> None:
    assert seen_again([trial("a", 1.0, sufficient=True)], {"a"}) == [
        "looked at again with a: nothing else shows that would be wrong"
    ]


def test_a_change_that_was_not_enough_is_not_called_whole() -> None:
    (note,) = seen_again([trial("a", 0.43)], {"a"})
    assert "43 %" in note
    assert "was not found" in note


def test_a_part_of_what_was_enough_is_not_spoken_of() -> None:
    assert seen_again([trial("a", 0.4), trial("a + b", 1.0, sufficient=True)], {"a"}) == []

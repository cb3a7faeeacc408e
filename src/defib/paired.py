"""A training whose loss joins several rows per step, seen by what it joins: pairs, triplets, two views of one row."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from defib.subject import AnyArray, Rows, Subject


class PairedSubject(Subject):
    """The same network and recipe; a row is two members side by side, ``(n, width of one + width of the other)``.

    ``training`` holds such pairs of the rows trained on, their labels 1 where the two belong together and 0 where
    they do not. What `forward` gives is how alike the network's answers for the two are, ``(n, 1)`` in [0, 1]: 1 where
    they are one. `train` takes rows as `parted` gives them first: all members of a step's term side by side.
    """

    @abstractmethod
    def parted(self, seed: int) -> tuple[Rows, Rows] | None:
        """What to train on, and labelled pairs none of whose members is in it; ``None`` where too few would be left."""


def labelled(rows: Rows | None) -> tuple[AnyArray, AnyArray]:
    """Pairs and their labels as arrays; none of either where they are not known."""
    if rows is None or rows.y is None:
        return np.empty((0, 2)), np.empty(0)
    return np.asarray(rows.X), np.asarray(rows.y)

"""Trainings that cannot be repeated from their rows, because the rows or the targets came of the network's own answers.

An agent is asked what to do row by row, and is trained on these rows afterwards: other answers would have led to other
rows. Rows of a data set are trained on whether or not they were predicted before, a batch at a time.
"""

from __future__ import annotations

from typing import Final, final

from defib.capture.torch_rows import row_keys
from defib.subject import AnyArray

MAX_BATCHES: Final = 256
MAX_ROWS: Final = 100_000
LEAST_BATCHES: Final = 3
MOST: Final = 0.5
"""Share of the rows that come first after the first batch, from which on the network's answers led to them."""

LED = (
    "the network was asked about rows few by few, and was then trained on these rows (an agent in its environment, "
    "say): its own answers decided which rows came and what the loss made of them, so that the training was not "
    "repeated; the outputs are looked at, and what needs labels or the loss was not assessed"
)
BOOTSTRAPPED = (
    "the targets of the loss come from networks that change while this one is trained (temporal differences, "
    "self-training): the training was not repeated; the outputs are looked at, and what needs labels or the loss was "
    "not assessed"
)


@final
class Rollouts:
    """Told of the rows of one network, as they are predicted and as they are trained on."""

    def __init__(self) -> None:
        self._asked: set[int] = set()
        self._trained: set[int] = set()
        self._first = 0
        """Rows of the first batch."""
        self._n_batches = 0
        self._n_new = 0
        self._n_led = 0

    @property
    def looks(self) -> bool:
        """Whether more is to be learnt."""
        return self._n_batches < MAX_BATCHES and len(self._asked) + len(self._trained) < MAX_ROWS

    def asked(self, X: AnyArray) -> None:
        """Rows ``(n_rows, ...)`` were predicted in one call; counted after the first batch, if fewer than that had."""
        if self._n_batches and len(X) < self._first:
            self._asked.update(row_keys(X).tolist())

    def trained(self, X: AnyArray) -> None:
        """A batch ``(n_rows, ...)`` is trained on."""
        keys = set(row_keys(X).tolist()) - self._trained
        self._first = self._first or len(X)
        if self._n_batches:
            self._n_new += len(keys)
            self._n_led += len(keys & self._asked)
        self._trained |= keys
        self._n_batches += 1

    @property
    def led(self) -> bool:
        """Whether most rows that came were rows that it had been asked about."""
        return self._n_batches >= LEAST_BATCHES and self._n_led > MOST * self._n_new

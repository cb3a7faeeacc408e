"""How a trained network came to give its answers: what was loaded, how it was called, what was made of its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

MOSTLY_FILLED = 0.5
"""Share of the weights that a load must fill: less leaves mostly what chance drew; a new head on purpose is little."""


@dataclass(frozen=True)
class Loading:
    """One load of saved weights into a network, as the program made it."""

    how: str
    """The user's call: ``load_state_dict``, ``load_weights``."""
    line: str
    """``file:line`` of it."""
    filled_fraction: float
    """Share of the weights (by count) that got a value from the file, in [0, 1]."""
    n_weights: int
    """How many weights the network that was loaded into has."""
    after_training: bool
    """Whether the network had been trained by then."""
    left: tuple[str, ...] = ()
    """Names of weights that the file had no value for, as the network that was loaded into has them."""
    part: str = ""
    """Where that network stands inside the one that predicted (``encoder``); empty when it is the whole."""
    unexpected: tuple[str, ...] = ()
    """Names in the file that the network does not have; the first few."""


@dataclass(frozen=True)
class ServingCalls:
    """How the program called the network for the rows of ``prediction``."""

    in_training_mode: bool
    """Whether it was in training mode (batch statistics, dropout) when it predicted."""
    sizes: tuple[int, ...]
    """Rows of each call, in order."""
    place: tuple[str, ...] = ()
    """The program's frames of the last call, innermost first, each ``file:line``."""
    overwritten: int = 0
    """Outputs that the program kept while the network wrote the next ones into the same memory."""


@dataclass(frozen=True)
class Memory:
    """Rows that were predicted, asked again of a clone that keeps what its calls leave behind."""

    where: tuple[str, ...]
    """The attributes that hold it, ``Class.name``."""
    in_turn: NDArray[np.floating[Any]]
    """Outputs ``(n_rows, ...)`` of one call after the other, with what the program's own calls left."""
    afresh: NDArray[np.floating[Any]]
    """The same where nothing is remembered from one call to the next."""


@dataclass(frozen=True)
class WeightsOrigin:
    """Where the weights come from that made the predictions."""

    another_instance: bool
    """The network that predicted is another object than the one that was trained."""
    likeness_to_trained: float
    """Correlation of its kernels with those that the training left, in [−1, 1]; 1 = the same weights."""
    likeness_to_initial: float | None
    """Correlation with those that the training started from; ``None`` when they are not known."""
    as_drawn: bool | None = None
    """Whether its weights may be a fresh draw of the initializer that the training started from; ``None``: unknown."""
    way: float | None = None
    """How far it is on the way from the weights of the start to those that the training left, 0 = start, 1 = there;
    ``None`` when it is not on that way, or the start is not known."""
    loads: tuple[Loading, ...] = ()
    """Loads into the network that predicted, in order; into the trained one when it is the same."""
    statistics_left_behind: bool = False
    """Its running statistics are those of before the training, which moved its weights and the trained statistics."""
    put_in: bool = False
    """They were put into the trained network for the prediction alone, and count as another instance's."""
    other_shapes: bool = False
    """Its weights have other shapes than the trained ones, and loads left most of them out: a likeness of 0."""


@dataclass(frozen=True)
class Handling:
    """One thing that the program's source does with its predictions, after they left the network."""

    kind: Literal["argmax", "integer", "round", "alias", "cache", "entries"]
    """``argmax``: the largest column; ``integer``: whole numbers; ``round``: so many decimals; ``alias``: one buffer
    filled and kept again and again; ``cache``: answers out of a cache; ``entries``: a variable whose entries are all
    the one answer that the network was asked for."""
    line: str
    """``file:line``, the file without its folder."""
    code: str
    """The expression, the function's name for a cache, the variable for entries."""
    axis: int | None = None
    decimals: int = 0
    squashed: bool = False
    """A sigmoid or softmax of the program's stands before it."""
    hits: int = 0
    misses: int = 0
    """How often the cache answered by itself, and how often it asked; of entries, one was asked for."""

"""A PyTorch training whose loss joins several rows per step, repeated on clones and judged by pairs held out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, final

import numpy as np

from defib.adapters.torch.arrays import to_numpy
from defib.adapters.torch.network import Network
from defib.adapters.torch.partners import Likeness, Member, Partners
from defib.adapters.torch.quiet import quiet
from defib.adapters.torch.subject import TorchSubject
from defib.adapters.torch.train import TorchTrained
from defib.measures.rows import spaced_indices
from defib.paired import PairedSubject
from defib.recipe import Arm
from defib.subject import AnyArray, FloatArray, ForwardPass, Moment, NotAvailable, Rows, Trained

HELD_OUT: Final = 0.3
MOST_PAIRS: Final = 2000
LEAST_PAIRS: Final = 20
"""Of each kind; fewer tell no order from chance."""
CHUNK: Final = 512
ONCE: Final = 0.9
"""Share of distinct rows from which on no row came again: augmented views."""


@final
class TorchPaired(PairedSubject):
    """See `PairedSubject`. ``inner`` is the network that answers for all members of a term at once."""

    framework = "torch"

    def __init__(self, inner: TorchSubject, members: Sequence[Member], partners: Partners, likeness: Likeness) -> None:
        self.inner = inner
        self.members = tuple(members)
        self.partners = partners
        self.likeness: Likeness = likeness
        self.name, self.recipe, self.trace = inner.name, inner.recipe, inner.trace
        door, rows = inner.captured.door, inner.training
        if door is None or rows is None:
            raise NotAvailable("the rows of its steps")
        self.shapes = [part.shape for part in door.parts]
        self.cuts = np.cumsum([math.prod(shape) for shape in self.shapes])[:-1]
        self.tuples = Rows(np.asarray(rows.X).reshape(len(rows.X), -1), rows.y)
        self.training = self._pairs(self.tuples, 0)
        if min(np.bincount(np.asarray(self.training.y), minlength=2)) < LEAST_PAIRS:
            raise NotAvailable("enough pairs of rows that belong together, and of such that do not")

    def _member(self, X: AnyArray, at: int) -> AnyArray:
        """The cells of one member of each tuple."""
        cells = np.split(X, self.cuts, axis=1)
        return np.concatenate([cells[part] for part in self.members[at].parts], axis=1)

    def _pairs(self, tuples: Rows, seed: int) -> Rows:
        """Labelled pairs of the members of these tuples, at most `MOST_PAIRS`."""
        X, want = np.asarray(tuples.X), self.partners
        kept = spaced_indices(len(X), MOST_PAIRS)
        X, y = X[kept], None if tuples.y is None else np.asarray(tuples.y)[kept].reshape(len(kept), -1)[:, 0]
        one, two = (self._member(X, at) for at in want.together)
        same = np.ones(len(one), dtype=bool) if want.same is None or y is None else y == want.same
        found, labels = [np.hstack([one, two])], [same]
        if want.apart:
            others = [np.hstack([self._member(X, i), self._member(X, j)]) for i, j in want.apart]
            found, labels = [*found, *others], [*labels, *(np.zeros(len(each), dtype=bool) for each in others)]
        elif same.all():  # partners only: strangers are those of other tuples
            turned = np.roll(np.arange(len(one)), 1 + np.random.default_rng(seed).integers(max(len(one) - 1, 1)))
            found, labels = [*found, np.hstack([one, two[turned]])], [*labels, np.zeros(len(one), dtype=bool)]
        pairs, flags = np.concatenate(found), np.concatenate(labels)
        kept = spaced_indices(len(pairs), MOST_PAIRS)
        return Rows(pairs[kept], flags[kept].astype(np.int64))

    def parted(self, seed: int) -> tuple[Rows, Rows] | None:
        """See `PairedSubject.parted`: by rows where rows come again, else by terms of the loss."""
        X, rng = np.asarray(self.tuples.X), np.random.default_rng(seed)
        each = [self._member(X, at) for at in range(len(self.members))]
        held = self._held(each, rng)
        fit, kept = ~held.any(axis=1), held.all(axis=1)
        if fit.sum() < max(self.recipe.batch_size or 1, LEAST_PAIRS) or not kept.any():
            return None
        y = self.tuples.y
        pairs = self._pairs(Rows(X[kept], None if y is None else y[kept]), seed)
        if min(np.bincount(np.asarray(pairs.y), minlength=2)) < LEAST_PAIRS:
            return None
        return Rows(X[fit], None if y is None else y[fit]), pairs

    def _held(self, each: Sequence[AnyArray], rng: np.random.Generator) -> AnyArray:
        """Which members are held out, ``(n_tuples, n_members)``."""
        n, k = each[0].shape[0], len(each)
        shared = len({one.shape[1] for one in each}) == 1
        numbers = np.split(_numbered(np.concatenate(each)), k) if shared else [_numbered(one) for one in each]
        distinct = len(np.unique(np.concatenate(numbers))) if shared else sum(len(np.unique(one)) for one in numbers)
        drawn: AnyArray = np.tile(rng.random(n * k), (k, 1)) if shared else rng.random((k, n))
        if distinct > ONCE * n * k:
            drawn, numbers = np.tile(drawn[0], (k, 1)), [np.arange(n)] * k
        return np.stack([draw[one] < HELD_OUT for draw, one in zip(drawn, numbers, strict=True)], axis=1)

    @property
    def has_initial_weights(self) -> bool:
        """See `Subject.has_initial_weights`."""
        return self.inner.has_initial_weights

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """How alike the answers for both members are."""
        with quiet(seed=0):
            network = Network(self.inner.captured, self.inner._state(moment))
            return ForwardPass(self.alike(network.train() if training else network.eval(), X, self.likeness), ())

    def alike(self, network: Network, X: AnyArray, likeness: Likeness) -> FloatArray:
        """For pairs ``(n, two members)``, in the network's present mode, ``(n, 1)`` in [0, 1]."""
        X = np.asarray(X)
        width = sum(math.prod(self.shapes[part]) for part in self.members[self.partners.together[0]].parts)
        one, two = [], []
        for start in range(0, len(X), CHUNK):
            piece = X[start : start + CHUNK]
            answers = [to_numpy(a) for a in network.outputs(network.tensors(self._filled(piece, width)))]
            first, second = self.partners.together
            one.append(answers[self.members[first].outputs[0]])
            two.append(answers[self.members[second].outputs[0]])
        return likeness_between(np.concatenate(one), np.concatenate(two), likeness)[:, None]

    def _filled(self, pairs: AnyArray, width: int) -> AnyArray:
        """Pairs as tuples of the network's own length."""
        second = self.partners.together[1]
        cells: list[AnyArray | None] = [None] * len(self.shapes)
        for at, member in enumerate(self.members):
            side = pairs[:, width:] if at == second else pairs[:, :width]
            cuts = np.cumsum([math.prod(self.shapes[part]) for part in member.parts])[:-1]
            for part, cell in zip(member.parts, np.split(side, cuts, axis=1), strict=True):
                cells[part] = cell
        X = np.concatenate([one for one in cells if one is not None], axis=1)
        return X.reshape(len(X), *self.shapes[0]) if len(self.shapes) == 1 else X

    def can_train(self, arm: Arm) -> str | None:
        """See `Subject.can_train`."""
        if arm.inputs is not None and (arm.inputs.padding is not None or len(set(self.shapes)) > 1):
            return "the members of a pair are not prepared alike"
        if arm.inputs is not None and np.size(arm.inputs.offset) not in (1, math.prod(self.shapes[0])):
            return "it is known for all members of a pair together"
        if arm.targets is not None or arm.labels is not None:
            return "the labels are those of pairs"
        return self.inner.can_train(replace(arm, inputs=None))

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """See `Subject.train`."""
        tuples = Rows(self._prepared(arm, np.asarray(rows.X)), rows.y)
        trained = self.inner.train(replace(arm, inputs=None), tuples, seed=seed, deadline=deadline)
        assert isinstance(trained, TorchTrained)
        return _TrainedPairs(self, trained, arm)

    def _prepared(self, arm: Arm, X: AnyArray) -> AnyArray:
        """Members behind the arm's transform of rows."""
        if arm.inputs is None:
            return X
        n_parts = X.shape[1] // math.prod(self.shapes[0])
        parts = [part.reshape(len(X), *self.shapes[0]) for part in np.split(X, n_parts, axis=1)]
        return np.concatenate([arm.inputs(part).reshape(len(X), -1) for part in parts], axis=1)


@final
class _TrainedPairs(Trained):
    """A trained clone, asked about pairs."""

    def __init__(self, subject: TorchPaired, trained: TorchTrained, arm: Arm) -> None:
        self.subject, self.trained, self.arm = subject, trained, arm
        self.n_updates = trained.n_updates

    @property
    def loss(self) -> FloatArray:
        """Of the clone."""
        return self.trained.loss

    @property
    def seconds(self) -> float:
        """Of the clone's training."""
        return self.trained.seconds

    @property
    def link(self) -> str:
        """The likeness lies in [0, 1] as it is."""
        return "identity"

    def predict(self, X: AnyArray) -> FloatArray:
        """How alike the members of raw pairs are to the clone, ``(n, 1)``."""
        parted = any(edit.op == "part" for edit in self.arm.edits)
        with quiet(seed=0):
            rows = self.subject._prepared(self.arm, np.asarray(X))
            return self.subject.alike(self.trained.network.eval(), rows, "cosine" if parted else self.subject.likeness)


def likeness_between(one: AnyArray, two: AnyArray, likeness: Likeness) -> FloatArray:
    """How alike embeddings ``(n, ...)`` are, ``(n,)`` in [0, 1]; distances and products over their usual size.

    >>> likeness_between(np.eye(2), np.eye(2)[::-1], "cosine").tolist()
    [0.5, 0.5]
    """
    a, b = (np.asarray(each, dtype=np.float64).reshape(len(each), -1) for each in (one, two))
    sizes = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    tiny = np.finfo(np.float64).tiny
    if likeness == "distance":
        size = max(float(np.mean(np.concatenate(sizes))), tiny)
        found: FloatArray = np.exp(-np.linalg.norm(a - b, axis=1) / size)
        return found
    product = (a * b).sum(axis=1)
    if likeness == "cosine":
        return np.asarray(np.clip(0.5 + 0.5 * product / np.maximum(sizes[0] * sizes[1], tiny), 0.0, 1.0))
    return np.asarray(0.5 + 0.5 * np.tanh(product / max(float(np.mean(sizes[0]) * np.mean(sizes[1])), tiny)))


def _numbered(rows: AnyArray) -> AnyArray:
    """A number per row ``(n,)``, equal for equal rows, counted from 0."""
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(row.tobytes(), len(seen)) for row in np.ascontiguousarray(rows)])

"""What the program had predicted after its training: rows, what came out, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from defib.adapters.jax.captured import as_numpy, is_key
from defib.adapters.jax.network import Network
from defib.adapters.jax.quiet import quiet
from defib.adapters.jax.subject import JaxSubject
from defib.capture.jax_calls import Applied
from defib.capture.jax_origin import origin_of
from defib.capture.jax_session import Session
from defib.capture.jax_snapshot import is_array, is_lost
from defib.capture.jax_step import read_evaluation
from defib.capture.jax_study import Served, Study
from defib.capture.torch_rows import row_keys
from defib.subject import AnyArray, FloatArray, Rows, WeightsOrigin

SAME_ROWS: Final = 0.99
MAX_ROWS: Final = 20_000


@dataclass(eq=False)
class Group:
    """Calls from one line after one number of steps."""

    line: str
    steps: int
    X: list[AnyArray]
    outputs: list[AnyArray | None]
    y: list[AnyArray | None]
    weights: Mapping[str, Any] | None = None
    """That the calls were handed."""

    @property
    def n_rows(self) -> int:
        """Of all pieces."""
        return sum(len(one) for one in self.X)

    def rows(self) -> AnyArray:
        """All of them."""
        return np.concatenate(self.X)

    def labels(self) -> AnyArray | None:
        """Of all rows, where every piece has them."""
        known = [one for one in self.y if one is not None]
        return np.concatenate(known) if len(known) == len(self.y) else None

    def predictions(self) -> AnyArray | None:
        """Of all rows, where every piece shows them."""
        known = [one for one in self.outputs if one is not None]
        same = len({one.shape[1:] for one in known}) == 1
        return np.concatenate(known) if known and same and len(known) == len(self.outputs) else None


@dataclass
class Found:
    """What the program did with the network."""

    prediction: Rows | None = None
    outputs: FloatArray | None = None
    squashed: tuple[str, ...] = ()
    held_out: Rows | None = None
    line: str = ""
    origin: WeightsOrigin | None = None


def evaluations(session: Session, study: Study, subject: JaxSubject, applied: Applied) -> Found:
    """The last rows that were predicted, best those not trained on; and the last labelled ones not trained on."""
    groups = _groups(session, study, subject)
    seen = study.rows.seen
    unseen = [one for one in groups if _share_seen(one, seen) < SAME_ROWS]
    final = [one for one in groups if one.steps >= study.n_steps]
    end = subject.captured.weights
    trained = [one for one in final if (origin := origin_of(study, one.weights, end)) and not origin.another_instance]
    final = trained or final  # what else was asked, beside the trained weights, may be asked to compare them
    chosen = _chosen([one for one in unseen if one in final]) or _chosen(final) or _chosen(unseen)
    held = next((one for one in reversed(unseen) if one.labels() is not None), None)
    found = Found()
    if held is not None:
        found.held_out = Rows(held.rows(), _fitted(held.labels(), subject), None, "evaluation")
        found.held_out = None if found.held_out.y is None else found.held_out
    if chosen is not None:
        found.prediction = Rows(chosen.rows(), _fitted(chosen.labels(), subject), None, "predict")
        found.line = chosen.line
        found.origin = origin_of(study, chosen.weights, end) if chosen in final else None
        if chosen in final and (outputs := chosen.predictions()) is not None:
            with quiet():
                found.outputs, found.squashed = _outputs(outputs, _answers(subject, chosen, found.origin))
    return found


def _answers(subject: JaxSubject, group: Group, origin: WeightsOrigin | None) -> FloatArray:
    """What the network gives for these rows, with the weights that the calls were handed."""
    if origin is None or not origin.another_instance or group.weights is None:
        return subject.forward(group.rows()).outputs
    weights = {name: jnp.asarray(one) for name, one in group.weights.items()}
    return Network(subject.captured, weights, subject.captured.state).predict(group.rows())


def _chosen(groups: list[Group]) -> Group | None:
    return next((one for one in reversed(groups) if one.n_rows > 1), groups[-1] if groups else None)


def _share_seen(group: Group, seen: frozenset[int]) -> float:
    keys = row_keys(group.rows())
    return sum(1 for key in keys.tolist() if key in seen) / max(len(keys), 1)


def _groups(session: Session, study: Study, subject: JaxSubject) -> list[Group]:
    found: list[Group] = []
    assert subject.training is not None
    like = subject.training.X
    weights = [as_numpy(one) for one in subject.captured.weights.values()]
    for served in (one for one in session.served if not any(map(is_lost, one.snapshot.leaves))):
        piece = _piece(served, study, like, subject.training.y, weights)
        if piece is None:
            continue
        X, outputs, y = piece
        last = found[-1] if found else None
        same = last is not None and (last.line, last.steps) == (served.line, served.steps)
        if last is not None and same and _alike(last.weights, served.weights) and last.n_rows < MAX_ROWS:
            last.X.append(X)
            last.outputs.append(outputs)
            last.y.append(y)
        else:
            found.append(Group(served.line, served.steps, [X], [outputs], [y], served.weights))
    return found


def _alike(first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> bool:
    """Whether two calls were handed the same arrays as weights."""
    if first is None or second is None:
        return first is second
    return all(one is second[name] for name, one in first.items())


def _piece(
    served: Served, study: Study, like: AnyArray, labels: AnyArray | None, weights: list[AnyArray]
) -> tuple[AnyArray, AnyArray | None, AnyArray | None] | None:
    """Rows, outputs and labels of one call; ``None`` when it does not show this model any rows."""
    if study.model is not None and id(study.model) not in served.objects:
        return None
    inside = None
    if served.raw is not None and (study.model is not None or study.step.probe.call is not None):
        which = served.objects.index(id(study.model)) if study.model is not None else None
        inside = read_evaluation(served.raw, served.snapshot, which)
    given = [as_numpy(one) for one in served.snapshot.leaves if is_array(one) and np.ndim(one) > 0 and not is_key(one)]
    given = [one for one in given if not any(_same(one, weight) for weight in weights)]
    if inside is None:
        X = next((one for one in given if one.shape[1:] == like.shape[1:] and one.ndim == like.ndim), None)
        if X is None:
            return None
        inside_outputs = _result(served.out, len(X))
    else:
        X, inside_outputs = inside
    if not X.ndim or X.shape[1:] != like.shape[1:]:
        return None
    y = None
    if labels is not None:
        y = next((one for one in given if _is_label(one, len(X), labels) and one.shape != X.shape), None)
    return X, inside_outputs, y


def _same(one: AnyArray, weight: AnyArray) -> bool:
    return one.shape == weight.shape and bool(np.array_equal(one, weight, equal_nan=True))


def _is_label(one: AnyArray, n: int, labels: AnyArray) -> bool:
    return len(one) == n and one.size == n * int(np.prod(labels.shape[1:])) and one.dtype.kind in "biuf"


def _result(out: Any, n: int) -> AnyArray | None:
    """The first array of the result with a row on its first axis, of floating numbers."""
    for one in jax.tree_util.tree_leaves(out):
        if is_array(one) and getattr(one, "ndim", 0) > 0 and len(one) == n and one.dtype.kind in "fV":
            return as_numpy(one)
    return None


def _fitted(y: AnyArray | None, subject: JaxSubject) -> AnyArray | None:
    """Labels in the shape and type that the training's have."""
    known = None if subject.training is None else subject.training.y
    if y is None or known is None:
        return y
    shape = (len(y), *known.shape[1:])
    return y.reshape(shape).astype(known.dtype) if int(np.prod(shape)) == y.size else None


def _outputs(outputs: AnyArray, own: FloatArray) -> tuple[FloatArray | None, tuple[str, ...]]:
    """The program's own predictions; squashed ones as the model's outputs and the name of the squashing."""
    if own.size != outputs.size:
        return None, ()
    shaped = outputs.reshape(own.shape)
    for name, function in (("sigmoid", jax.nn.sigmoid), ("softmax", jax.nn.softmax)):
        if _close(shaped, np.asarray(function(own))) and not _close(shaped, own):
            return own, (name,)
    return shaped, ()


def _close(a: AnyArray, b: AnyArray) -> bool:
    return bool(np.allclose(a, b, rtol=1e-3, atol=1e-5, equal_nan=True))

"""What is known of a scikit-learn network beyond the neutral recipe: its class, settings, weights and labels' form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from defib.recipe import LossFacts, OptimizerFacts
from defib.subject import AnyArray

Kind = Literal["binary", "multiclass", "multilabel", "regression"]
LOSS_UNITS = "squared errors are whole, not halved as scikit-learn has them; several tags are averaged, not summed"
MOST_AUTOMATIC = 200
"""``batch_size="auto"`` is this, or all rows if they are fewer."""


@dataclass(frozen=True)
class Weights:
    """``coefs[i]`` ``(n_in, n_out)`` and ``intercepts[i]`` ``(n_out,)`` of every layer, hidden ones first."""

    coefs: tuple[AnyArray, ...]
    intercepts: tuple[AnyArray, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of the coefficients."""
        return tuple(one.shape for one in self.coefs)

    @property
    def dtype(self) -> Any:
        """The type scikit-learn computes in: float32 rows give a float32 network."""
        return self.coefs[0].dtype


def weights_of(estimator: Any) -> Weights:
    """Copies of a fitted estimator's weights."""
    return Weights(tuple(np.array(w) for w in estimator.coefs_), tuple(np.array(b) for b in estimator.intercepts_))


def names_of(n_layers: int) -> tuple[str, ...]:
    """Names of the layers for the report.

    >>> names_of(3)
    ('hidden_1', 'hidden_2', 'output')
    """
    return (*(f"hidden_{i + 1}" for i in range(n_layers - 1)), "output")


@dataclass(frozen=True)
class Captured:
    """A fitted network and what trained it; all arrays are copies, nothing of the user's is held."""

    base: type[Any]
    """``MLPClassifier`` or ``MLPRegressor``, or the user's own class of it when that can be built from its settings."""
    params: Mapping[str, Any]
    """What ``get_params(deep=False)`` gave when the training began."""
    end: Weights
    kind: Kind
    out_activation: str
    """scikit-learn's name: ``logistic``, ``softmax``, ``identity`` or ``exp``."""
    initial: Weights | None = None
    drawn: bool = True
    """The initial weights are scikit-learn's own draw; ``False``: the user set them, and each seed starts from them."""
    binarizer: Any = None
    """A copy of the classifier's label binarizer."""
    order: Any = None
    """A copy of the random state as it was when the first epoch began; a replay with it draws the same batches."""
    epochs: float = 0.0
    """Passes over the training rows."""
    planned: int | None = None
    """``max_iter`` of the training that was seen; ``None`` for ``partial_fit``."""
    batch_size: int | None = None
    """Rows per step where ``partial_fit`` fixed it; ``None``: as the settings say."""
    sample_weights: Mapping[bytes, float] = field(default_factory=dict)
    """Weight of a row by its bytes (see `row_key`)."""
    untried: str = ""
    """Why a replay would be another training, as a clause; empty where it would not."""

    @property
    def hidden_activation(self) -> str:
        """scikit-learn's name: ``relu``, ``tanh``, ``logistic`` or ``identity``."""
        return str(self.params["activation"])

    @property
    def solver(self) -> str:
        """``adam``, ``sgd`` or ``lbfgs``."""
        return str(self.params["solver"])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers."""
        return names_of(len(self.end.coefs))

    @property
    def n_outputs(self) -> int:
        """Columns of the output."""
        return int(self.end.intercepts[-1].size)


def row_key(x: AnyArray, y: AnyArray) -> bytes:
    """Bytes that stand for one training row and its label."""
    return np.ascontiguousarray(x).tobytes() + b"|" + np.ascontiguousarray(y).tobytes()


def kind_of(out_activation: str, n_outputs: int, *, classifier: bool) -> Kind:
    """The task as the network's own head states it.

    >>> kind_of("logistic", 3, classifier=True), kind_of("softmax", 3, classifier=True)
    ('multilabel', 'multiclass')
    """
    if not classifier:
        return "regression"
    if out_activation == "softmax":
        return "multiclass"
    return "binary" if n_outputs == 1 else "multilabel"


def plain_labels(columns: AnyArray, kind: Kind) -> AnyArray:
    """Labels as the probes read them, from the columns ``(n, k)`` that the network trains on.

    Class ids ``(n,)`` for two or more classes, tags ``(n, k)``, values ``(n,)`` or ``(n, k)``.

    >>> plain_labels(np.array([[0, 1, 0], [0, 0, 1]]), "multiclass").tolist()
    [1, 2]
    """
    columns = np.asarray(columns)
    if columns.ndim == 1:
        columns = columns[:, None]
    if kind == "multiclass":
        return np.asarray(columns.argmax(axis=1))
    if kind == "regression":
        return np.asarray(columns[:, 0] if columns.shape[1] == 1 else columns)
    whole = columns.astype(np.int64)
    return np.asarray(whole[:, 0] if kind == "binary" else whole)


def columns_of(labels: AnyArray, captured: Captured) -> AnyArray:
    """The columns ``(n, k)`` that the network trains on; the inverse of `plain_labels`."""
    labels = np.asarray(labels)
    if captured.kind == "multiclass" and labels.ndim == 1:
        return np.asarray(labels[:, None] == np.arange(captured.n_outputs), dtype=np.int64)
    return labels.reshape(len(labels), -1)


def loss_unit(kind: Kind, loss: str, n_outputs: int) -> float:
    """What scikit-learn's loss is multiplied by to be in the unit of `defib.measures.priors` (`LOSS_UNITS`)."""
    if kind == "regression":
        return 2.0 if loss == "squared_error" else 1.0
    return 1.0 / n_outputs if kind == "multilabel" else 1.0


def loss_facts(captured: Captured, batch: int) -> LossFacts:
    """The loss that comes with the head; its gradient is ``p - y``, whatever the probability."""
    k = captured.n_outputs
    if captured.kind == "regression":
        name = str(captured.params.get("loss", "squared_error"))
        kind = "poisson" if name == "poisson" else "squared_error"
        return LossFacts(name, kind, "values", (batch, k), (batch, k))  # type: ignore[arg-type]
    if captured.kind == "multiclass":
        return LossFacts("log_loss", "sparse_categorical_cross_entropy", "probabilities", (batch, k), (batch,))
    return LossFacts("log_loss", "binary_cross_entropy", "probabilities", (batch, k), (batch, k))


SETTINGS = {
    "adam": ("beta_1", "beta_2", "epsilon", "alpha"),
    "sgd": ("momentum", "power_t", "alpha"),
    "lbfgs": ("alpha", "max_fun"),
}


def optimizer_facts(params: Mapping[str, Any]) -> OptimizerFacts:
    """The solver. L-BFGS finds the length of its steps by itself; 1 stands for that."""
    solver = str(params["solver"])
    settings = {name: float(params[name]) for name in SETTINGS[solver] if name in params}
    if solver == "sgd":
        settings["nesterov"] = float(bool(params["nesterovs_momentum"]))
    rate = 1.0 if solver == "lbfgs" else float(params["learning_rate_init"])
    return OptimizerFacts(solver, rate, settings, finds_step=solver == "lbfgs")


def batch_of(params: Mapping[str, Any], n_rows: int) -> int:
    """Rows per step. L-BFGS takes all of them."""
    if params["solver"] == "lbfgs":
        return n_rows
    size = params["batch_size"]
    return max(1, min(MOST_AUTOMATIC if size == "auto" else int(size), n_rows))

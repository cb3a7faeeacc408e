"""How a model was trained, and one change to it: `TrainingRecipe` and `Arm`. Framework-free."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

LossKind = Literal[
    "binary_cross_entropy",
    "categorical_cross_entropy",
    "sparse_categorical_cross_entropy",
    "squared_error",
    "absolute_error",
    "huber",
    "hinge",
    "poisson",
    "kl_divergence",
    "other",
]
LossTakes = Literal["logits", "probabilities", "log_probabilities", "values"]


@dataclass(frozen=True)
class LossFacts:
    """What the loss is and what it was given, read from the running program."""

    name: str
    """As the user's framework calls it: ``binary_crossentropy``, ``BCEWithLogitsLoss``, or the
    traced expression of a hand-made one: ``mean(pow(sub))``."""
    kind: LossKind
    takes: LossTakes
    prediction_shape: tuple[int, ...] | None = None
    """Shape of one batch of predictions as it arrived at the loss (after any squeeze or reshape)."""
    target_shape: tuple[int, ...] | None = None
    """Shape of one batch of targets as it arrived at the loss."""
    element_shape: tuple[int, ...] | None = None
    """Shape of the per-element loss before the mean, where it was seen; a broadcast shows here."""
    clips_probabilities: bool = False
    """Whether the gradient is exactly 0 for a probability at 0 or 1 (see DF307)."""


@dataclass(frozen=True)
class ParameterGroup:
    """Weights that an optimizer moves at settings of their own."""

    names: tuple[str, ...]
    learning_rate: float
    """The largest that it had over the training."""
    weight_decay: float = 0.0


@dataclass(frozen=True)
class OptimizerFacts:
    """The optimizer and its settings at the start of the training."""

    name: str
    """Lower case: ``sgd``, ``adam``, ``adamw``, ``rmsprop``, ``adagrad``, ``adadelta``, ``lbfgs`` or the class name."""
    learning_rate: float
    settings: dict[str, float] = field(default_factory=dict)
    """Numeric settings by the framework's own names (momentum, beta_1, weight_decay, clipnorm …)."""
    groups: tuple[ParameterGroup, ...] = ()
    """Its parameter groups, in order; empty where there is only one, or they are not known."""
    gathers: int = 1
    """Gradients that it puts together for each step that moves a weight."""
    finds_step: bool = False
    """It searches the length of each step by itself, and takes no learning rate."""


@dataclass(frozen=True)
class TrainingRecipe:
    """Enough to train again. Unknown parts are ``None``; what is missing is said in `missing`."""

    loss: LossFacts | None = None
    optimizer: OptimizerFacts | None = None
    batch_size: int | None = None
    n_updates: int = 0
    n_epochs: int | None = None
    shuffled: bool | None = None
    """Whether the order of rows changed between epochs; ``None`` when only one epoch was seen."""
    seed: int | None = None
    class_weights: tuple[tuple[float, float], ...] = ()
    """Per class, as the labels have it, the mean weight of its rows in the loss; empty: all rows count the same."""
    weighted_by: str = ""
    """Where the weights come from, by the framework's name: ``class_weight``, ``sample_weight``."""
    in_parts: bool = False
    """The rows came in parts of other classes, each trained on for itself before the next."""
    uncounted: str = ""
    """Why nothing of the loss counts, as a clause: all rows, or the loss of this output, have the weight 0."""
    constraints: tuple[tuple[str, str, float], ...] = ()
    """``(layer, constraint, share)`` per kernel that every step is followed by a constraint of: by name, and what it
    leaves of the initial kernel (L2), in [0, 1]."""
    outputs: tuple[str, ...] = ()
    """Names of the outputs that one loss trains together; empty where the network has one."""
    output: str = ""
    """Which of them is looked at."""
    sources: dict[str, str] = field(default_factory=dict)
    """``file:line`` of the user's calls: ``compile``, ``fit``, ``optimizer``, ``loss``, ``predict``."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What a trial would need and is not known: ``the loss``, ``the optimizer``.

        >>> TrainingRecipe().missing
        ('the loss', 'the optimizer')
        """
        parts = (("the loss", self.loss), ("the optimizer", self.optimizer))
        return tuple(name for name, part in parts if part is None)


@dataclass(frozen=True)
class Recipe:
    """How the user says a model in memory was trained; for `defib.diagnose`.

    >>> Recipe(epochs=20, batch_size=32).epochs
    20
    """

    loss: Any = None
    """The framework's own loss: a module or a function ``(prediction, target) -> scalar``."""
    optimizer: Any = None
    """The framework's own optimizer, as built for the model."""
    epochs: int | None = None
    batch_size: int | None = None
    output: str | int | None = None
    """Of several outputs of a Keras model the one to look at, by name or number; by itself the flattest."""


@dataclass(frozen=True)
class InputTransform:
    """``(X - offset) / scale``, per column (broadcast over the leading axes), float32 out; or padding put in front."""

    offset: NDArray[np.floating]
    scale: NDArray[np.floating]
    name: str = "standardize"
    fill: NDArray[np.floating] | None = None
    """Put in place of NaN and infinite cells first, per column; ``None`` leaves them."""
    padding: float | None = None
    """Where given, the run of this value at the end of each row is moved to its front; nothing else is done."""

    def __call__(self, X: NDArray[np.generic]) -> NDArray[Any]:
        """Transform rows ``(n_rows, ...)``.

        >>> InputTransform(np.array([1.0]), np.array([2.0]))(np.array([[3.0], [1.0]])).tolist()
        [[1.0], [0.0]]
        """
        if self.padding is not None:
            return padded_in_front(np.asarray(X), self.padding)
        values = np.asarray(X, dtype=np.float64)
        if self.fill is not None:
            values = np.where(np.isfinite(values), values, self.fill)
        moved: NDArray[np.float64] = (values - self.offset) / self.scale
        return moved.astype(np.float32)

    def sparing(self, spare: NDArray[np.bool_]) -> InputTransform:
        """The same without some columns, ``(n_columns,)`` True, which stay as they are: ids that are looked up.

        >>> InputTransform(np.array([1.0]), np.array([2.0])).sparing(np.array([True, False]))(np.ones((1, 2))).tolist()
        [[1.0, 0.0]]
        """
        offset, scale = np.broadcast_to(self.offset, spare.shape), np.broadcast_to(self.scale, spare.shape)
        return replace(self, offset=np.where(spare, 0.0, offset), scale=np.where(spare, 1.0, scale))


def padding_at_the_end(X: NDArray[Any], value: float) -> NDArray[np.int64]:
    """Steps at the end of each row ``(n_rows, steps, ...)`` that hold nothing but this value, ``(n_rows,)``.

    >>> padding_at_the_end(np.array([[3, 0, 4, 0, 0], [1, 2, 3, 4, 5]]), 0).tolist()
    [2, 0]
    """
    filler = np.equal(X, value).reshape(len(X), X.shape[1], -1).all(axis=2)
    return np.asarray(np.cumprod(filler[:, ::-1], axis=1).sum(axis=1), dtype=np.int64)


def padded_in_front(X: NDArray[Any], value: float) -> NDArray[Any]:
    """Each row ``(n_rows, steps, ...)`` with the padding at its end put in front; the type is kept.

    >>> padded_in_front(np.array([[3, 0, 4, 0, 0], [1, 2, 3, 4, 5]]), 0).tolist()
    [[0, 0, 3, 0, 4], [1, 2, 3, 4, 5]]
    """
    steps = X.shape[1]
    source = (np.arange(steps) - padding_at_the_end(X, value)[:, None]) % steps
    return np.take_along_axis(X, source.reshape(len(X), steps, *([1] * (X.ndim - 2))), axis=1)


@dataclass(frozen=True)
class Edit:
    """One change to the network itself, as data; each adapter knows how to make it.

    ``op`` and ``value``:

    - ``hidden_activation``: activation name (``relu``, ``leaky_relu``, ``tanh``) for every hidden activation
      (all but the output's), dense/conv layers that fed a changed one are drawn again from He (relu) or Glorot. Where
      there is none, one is put behind every hidden dense layer.
    - ``batch_norm``: a batch normalization after every hidden dense/conv step, before its activation.
    - ``halve_depth``: every second hidden block whose input and output shapes agree is left out, and half of the
      recurrent layers.
    - ``fewer_rounds``: rows (or positions) meet each other this many times only.
    - ``double_width``: hidden dense layers twice as wide, drawn anew by the framework's default; with a value, those
      that are narrower get this width.
    - ``reinitialize``: every dense/conv/recurrent layer drawn anew (``default`` or ``he``) by the framework's default;
      so is an embedding that holds one vector for all tokens.
    - ``head``: replace the output activation by ``linear``, ``sigmoid`` or ``softmax``.
    - ``output_units``: a new last layer with this many units, drawn anew.
    - ``loss``: canonical loss: ``bce_logits``, ``bce``, ``ce_logits``, ``ce``, ``mse``.
    - ``side_terms``: terms of the loss that hold outputs and no labels (the KL term of a code) times this factor.
    - ``part``: a loss that compares answers for several rows gets them at length 1, and a term that pushes the rows of
      a batch apart.
    - ``match_shapes``: predictions and targets are brought to the same shape before the loss.
    - ``unfreeze``: every parameter is trainable.
    - ``dropout``: rate (0 switches it off).
    - ``pass_gradients``: gradients go through where the program stops them on their way from the loss to the weights.
    - ``turned_masks``: masks that the network makes of its rows are turned around: what they left out takes part.
    - ``pooled``: where one position of a sequence is picked, behind the layer of this name, or behind a recurrent
      layer, the mean over all positions is read.
    - ``left_out``: what the layer of this name is given goes on, normalized, in place of what it makes of it.
    - ``rows_lead``: layers that go along the rows, as through the steps of one sequence, go along each row's own steps.
    - ``woken_rate``: weights whose learning rate is 0 all along learn at this one.
    - ``in_32_bits``: weights, rows and everything between them are floats of 32 bits.
    - ``input_norm``: a batch-norm-like normalization at the model's door, learnt from the training rows.
    """

    op: str
    value: str | float | int | None = None


@dataclass(frozen=True)
class Arm:
    """The recorded recipe with one change, or two together: what `Subject.train` runs. ``Arm()`` is the control."""

    learning_rate_factor: float = 1.0
    constant_rate: bool = False
    """The largest learning rate of the recorded schedule all the way."""
    rate_cap: float | None = None
    """No learning rate of the recorded schedule is larger than this one."""
    stop_at: float = 1.0
    """Share of the recorded course after which the training ends, in (0, 1]; the schedule up to there is kept."""
    updates_factor: float = 1.0
    stop_after: int | None = None
    """Updates after which the training ends early, its schedule as if it went on; 0: before the first."""
    shuffle: bool | None = None
    """``None``: as recorded."""
    loop: Literal["as_recorded", "canonical"] = "as_recorded"
    """``as_recorded``: only the parameters that the user's optimizer held *and* that received a
    gradient in the user's loop are updated, train/eval mode as recorded. ``canonical``: forward in training mode,
    zero gradients, backward, step, over every trainable parameter."""
    inputs: InputTransform | None = None
    targets: InputTransform | None = None
    """Regression only; predictions are transformed back."""
    labels: tuple[float, ...] | None = None
    """Classes in order: each label becomes its number among them; ``None``: as recorded."""
    regularization_factor: float = 1.0
    clipped: bool = True
    """Whether gradients are clipped as recorded; ``False``: not at all."""
    recomputed_statistics: bool = False
    """After the training, the running statistics of batch normalization become plain averages over the rows."""
    serving: Literal["as_recorded", "as_trained"] = "as_recorded"
    """``as_trained``: rows scored are prepared as those trained on, not as the program prepares those to predict."""
    rows: Literal["as_recorded", "before"] = "as_recorded"
    """``before``: trained and scored on rows as they were before the step that took their signal (`trials.before`)."""
    edits: tuple[Edit, ...] = ()

    @property
    def length(self) -> float:
        """Updates over those of the recipe as recorded."""
        return self.updates_factor * self.stop_at

    @property
    def woken_rate(self) -> float | None:
        """The learning rate that the arm gives to weights at 0; ``None`` where it leaves them there."""
        return next((float(edit.value or 0.0) for edit in self.edits if edit.op == "woken_rate"), None)

    def labelled(self, y: NDArray[np.generic]) -> NDArray[Any]:
        """Labels ``(n_rows, ...)`` as the arm trains on them: numbered, or moved and scaled.

        >>> Arm(labels=(-1.0, 1.0)).labelled(np.array([[1.0], [-1.0]])).tolist()
        [[1.0], [0.0]]
        """
        if self.labels is not None:
            y = np.searchsorted(np.asarray(self.labels), np.asarray(y, dtype=np.float64)).astype(np.asarray(y).dtype)
        return np.asarray(y) if self.targets is None else self.targets(y)

    def with_edit(self, op: str, value: str | float | int | None = None) -> Arm:
        """The same arm with one more edit.

        >>> Arm().with_edit("batch_norm").edits
        (Edit(op='batch_norm', value=None),)
        """
        return replace(self, edits=(*self.edits, Edit(op, value)))

    def merged(self, other: Arm) -> Arm | None:
        """Both changes in one arm; ``None`` where they change the same thing.

        >>> Arm(learning_rate_factor=0.1).merged(Arm(shuffle=True)).shuffle
        True
        >>> Arm(learning_rate_factor=0.1).merged(Arm(learning_rate_factor=10.0)) is None
        True
        """
        mine, theirs = self._changed(), other._changed()
        if mine.keys() & theirs.keys():
            return None
        if {edit.op for edit in self.edits} & {edit.op for edit in other.edits}:
            return None
        return replace(self, edits=(*self.edits, *other.edits), **theirs)

    def _changed(self) -> dict[str, Any]:
        """Everything but the edits that is not as recorded; two transforms hold arrays and cannot be compared."""
        values = {one.name: (getattr(self, one.name), one.default) for one in fields(self) if one.name != "edits"}
        return {name: value for name, (value, default) in values.items() if value != default}

"""What defib looks at: a trained model, its rows and its recipe, behind one small protocol with NumPy out.

Shapes are stated once, here. ``n_rows`` is always the first axis. Everything above the adapters
sees a network only through this protocol; no framework's tensor crosses it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from defib.beside import Beside
from defib.numbered import numbered_like
from defib.recipe import Arm, TrainingRecipe
from defib.served import Handling as Handling
from defib.served import Loading as Loading
from defib.served import Memory as Memory
from defib.served import ServingCalls as ServingCalls
from defib.served import WeightsOrigin as WeightsOrigin

if TYPE_CHECKING:
    from defib.paired import PairedSubject

AnyArray: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.floating[Any]]

Moment = Literal["initial", "end"]
"""``initial``: the weights the training started from. ``end``: the weights it left."""

LayerKind = Literal[
    "dense",
    "conv",
    "recurrent",
    "attention",
    "embedding",
    "norm",
    "dropout",
    "activation",
    "pool",
    "reshape",
    "merge",
    "other",
]


@dataclass(frozen=True)
class Layer:
    """One step of the model's real graph, in the order in which it ran.

    A layer with a fused activation (Keras ``Dense(8, activation="relu")``) stands here as two:
    the linear step (its pre-activation) and the activation.
    """

    name: str
    """The user's name for it (``dense_1``, ``net.2``); an activation of its own appends ``:relu``."""
    kind: LayerKind
    activation: str | None = None
    """For ``kind == "activation"``: relu, leaky_relu, elu, selu, gelu, silu, softplus, sigmoid,
    hard_sigmoid, tanh, softmax, log_softmax, log_sigmoid, linear or other."""
    units: int | None = None
    parameters: tuple[str, ...] = ()
    """Names of the parameters it owns (see `Parameter`)."""
    stacked: int = 1
    """How many layers it is in one (``nn.LSTM(8, 32, num_layers=6)``: 6)."""
    along_rows: bool = False
    """It goes through the rows one after the other, as through the steps of one sequence, and not along each row's."""


@dataclass(frozen=True)
class LayerOutput:
    """What one layer gave for the rows sent through."""

    layer: Layer
    values: FloatArray
    """``(n_rows, ...)``."""
    added: float = 0.0
    """What a layer of the program's own added to the loss for these rows (Keras: ``add_loss``)."""


@dataclass(frozen=True)
class ForwardPass:
    """One pass of some rows through the model."""

    outputs: FloatArray
    """The model's own output, ``(n_rows, n_outputs)`` or ``(n_rows, ..., n_outputs)``; a model
    that returns ``(n_rows,)`` gives ``(n_rows,)``."""
    layers: tuple[LayerOutput, ...]
    """In execution order; the last one's values are the outputs (reshapes aside)."""


GradientSeen: TypeAlias = Literal["none", "zero", "cleared", "nonzero", "nan"]


@dataclass(frozen=True)
class Parameter:
    """One weight array at both moments."""

    name: str
    layer: str
    """Name of the `Layer` that owns it (best effort; the module or Keras layer name)."""
    initial: FloatArray | None
    """``None`` when nothing was captured before the training."""
    end: FloatArray
    trainable: bool
    """``requires_grad`` / ``trainable`` as the training left it."""
    in_optimizer: bool | None
    """Whether the recorded optimizer held it; ``None`` when unknown."""
    gradient_in_loop: GradientSeen | None = None
    """What the user's own loop had in this parameter's gradient when it took its first steps;
    ``None`` when it was not watched."""
    registered: bool = True
    """Whether the model counts it among its own; a layer in a plain Python list is used and not counted."""


@dataclass(frozen=True)
class Gradient:
    """Gradient of the user's loss with respect to one parameter."""

    name: str
    values: FloatArray | None
    """``None`` when the loss does not depend on the parameter at all (detached, unused)."""


@dataclass(frozen=True)
class Rows:
    """Some rows as they arrive at the model's door, with their labels as they arrive at the loss."""

    X: AnyArray
    """``(n_rows, ...)``; for tokens an integer dtype."""
    y: AnyArray | None = None
    """``(n_rows, ...)`` or ``None`` when unknown."""
    n_seen: int | None = None
    """How many rows there were before sampling; ``None`` when all are here."""
    origin: str = ""
    """Where they came from, in the user's words: ``fit``, ``predict``, ``evaluate``, ``validation_data``."""
    places: tuple[NDArray[np.integer[Any]], ...] = ()
    """Row number of each row in arrays of the program's that hold them all, one ``(n_rows,)`` per different order, −1
    where it is not certain: the order of the file under a shuffle or a split."""
    in_order: bool = False
    """The rows stand as the training first saw them, none left out: slices of them are its first epoch's batches."""
    columns: tuple[str, ...] = ()
    """Names of the columns, where the program gave a table that has them; one per column, or none."""

    def __len__(self) -> int:
        return len(self.X)


@dataclass(frozen=True)
class TrainingTrace:
    """What the user's own training was seen to do. Empty arrays where nothing was recorded."""

    loss_per_update: FloatArray = field(default_factory=lambda: np.empty(0))
    """Training loss in nats (or the loss's own unit), sampled evenly, at most 2,000 values, in order."""
    loss_per_epoch: FloatArray = field(default_factory=lambda: np.empty(0))
    validation_loss_per_epoch: FloatArray = field(default_factory=lambda: np.empty(0))
    n_updates: int = 0
    """How often the optimizer stepped."""
    n_epochs: int | None = None
    planned_epochs: int | None = None
    """What the user asked for; larger than ``n_epochs`` when something stopped the training early."""
    seconds: float = 0.0
    label_order: AnyArray | None = None
    """Labels of the first rows *in the order the training saw them*, at most 20,000."""
    skipped_steps: int = 0
    """Steps whose gradients were all ``None`` or which a gradient scaler skipped."""
    kept_nothing: bool = False
    """Every step began with the very weights of the first one: what the steps returned was not kept (JAX)."""
    restarts: int = 0
    """Of that: times that only a round of steps (an epoch) began with them, while the optimizer's state went on."""
    updates_to: tuple[tuple[str, float], ...] = ()
    """``(parameter, relative_update)`` of the first optimizer step: ``|w1 - w0| / |w0|`` (L2)."""
    rates: tuple[tuple[float, float], ...] = ()
    """``(share of the updates done, largest learning rate of the parameter groups from here on)`` wherever it changed;
    empty when it never did, or was not recorded."""
    evaluation_mode_share: float | None = None
    """Share of the updates whose forward pass ran in evaluation mode, in [0, 1]; ``None`` when it was not seen."""
    restored_epoch: int | None = None
    """Epoch, counted from 1, whose weights were put back when the training ended; ``None`` when those of the last
    step were kept."""
    restored_by: str = ""
    """What put them back and by which measure, as a clause: ``EarlyStopping, the smallest val_accuracy``."""
    batches_of_one_row: float | None = None
    """Share of the batches, of those whose labels differ, in which all rows were one and the same row, in [0, 1]."""
    silent_functions: tuple[str, ...] = ()
    """Autograd functions of the program's own, ``Name (file:line)``, whose backward gave back zeros for gradients that
    were not zero."""
    own_step: str = ""
    """An optimizer class of the program's own, ``Name.step (file:line)``; empty for one of a library."""
    notes: tuple[str, ...] = ()
    """Sentences on what was sampled or could not be recorded."""


class Inside(ABC):
    """A trained clone, looked into. Rows and labels are those at *its* door and loss (`Subject.at_the_door`)."""

    @abstractmethod
    def parameters(self) -> tuple[Parameter, ...]:
        """All weights as the training left them, trainable first, ``initial`` not known."""

    @abstractmethod
    def buffers(self) -> dict[str, FloatArray]:
        """As `Subject.buffers`."""

    @abstractmethod
    def forward(self, X: AnyArray, *, training: bool = False) -> ForwardPass:
        """As `Subject.forward`."""

    @abstractmethod
    def gradients(self, X: AnyArray, y: AnyArray) -> tuple[Gradient, ...]:
        """Of the arm's loss; as `Subject.gradients`."""

    @abstractmethod
    def loss(self, X: AnyArray, y: AnyArray) -> float:
        """The arm's loss in evaluation mode."""


class Trained(ABC):
    """The outcome of one training of one arm, always of a clone."""

    n_updates: int | None = None
    """Updates that the arm took, where they are not the recipe's (a loop that stepped too seldom, stepped as usual)."""

    @property
    @abstractmethod
    def loss(self) -> FloatArray:
        """Training loss, evenly sampled over the updates, at most 200 values."""

    @property
    @abstractmethod
    def seconds(self) -> float:
        """Wall time the training took."""

    @abstractmethod
    def predict(self, X: AnyArray) -> FloatArray:
        """Outputs in evaluation mode, same shape rule as `ForwardPass.outputs`.

        ``X`` are raw rows: an input transform of the arm is applied inside, a transform of the
        targets is undone inside, so that outputs of all arms are in the unit of the user's labels.
        """

    @property
    @abstractmethod
    def link(self) -> str:
        """What turns the outputs into probabilities: ``identity``, ``sigmoid``, ``softmax`` or ``exp``."""

    def in_turn(self, X: AnyArray, size: int) -> FloatArray:
        """As `predict`, in calls of ``size`` rows, with what one call leaves in the clone for the next."""
        raise NotAvailable("a clone that keeps what its calls leave")

    def inside(self) -> Inside | None:
        """The clone, to be looked into; ``None`` where the adapter cannot, or does not know `Arm.stop_after`."""
        return None


class Subject(ABC):
    """A model, its rows and its training recipe.

    `forward` must be written; everything else has a default that says "not known", and the causes that need it are then
    "not assessed". ``docs/own-subject.md`` shows which method brings what; `defib.testing.check_subject`
    holds any Subject to this contract.

    Contract (held for every adapter by the oracle tests in ``tests/adapters`` and by ``tests/test_no_trace.py``):
    no method changes the user's model, optimizer, data, random state, modes, flags or hooks;
    ``forward``, ``gradients`` and ``loss`` are deterministic for ``training=False``.
    """

    name: str = "network"
    """The model's name for the report: the Keras name or the class name."""
    framework: Literal["keras", "torch", "sklearn", "jax", "numpy", "own"] = "own"
    recipe: TrainingRecipe = TrainingRecipe()
    trace: TrainingTrace = TrainingTrace()
    training: Rows | None = None
    """Rows (a sample, at most 20,000, in file order of first sight) the model was trained on."""
    alongside: Callable[[], tuple[Beside, ...]] | None = None
    """Finds what else the program held of the training rows when the training began; asked only where that matters."""
    prediction: Rows | None = None
    """Rows predicted or evaluated after the training: of the last call on other rows, or of single-row calls."""
    prediction_outputs: FloatArray | None = None
    """What the user's own calls returned for ``prediction``, row by row; ``None`` if not seen."""
    outputs_joined: bool = False
    """The loss takes several outputs of the network together; `ForwardPass.outputs` is but one of them."""
    compares_rows: bool = False
    """The loss compares the network's answers for several rows with each other (pairs, triplets, two views of one)."""
    paired: PairedSubject | None = None
    """The same training by the pairs that its loss joins, where a step of it can be repeated."""
    prediction_squashed: tuple[str, ...] = ()
    """Squashings (``sigmoid``, ``softmax``) that the program applied to ``prediction_outputs`` afterwards, in order."""
    handling: tuple[Handling, ...] = ()
    """What the program's source does with its predictions; empty where it could not be read."""
    held_out: Rows | None = None
    """Labelled rows the model was not trained on (validation data, ``evaluate``), if any."""
    weights_origin: WeightsOrigin | None = None
    """Where the weights that predicted come from, where loads and instances were watched."""
    rows_together: bool = False
    """The network takes its rows only together (the nodes of one graph): what a row gives depends on the others.
    `forward` and the like still answer for some of ``training`` (the rows that the loss counts), ``prediction`` and
    ``held_out``: they send all and give back what came out for these (see `defib.numbered`)."""
    serving_calls: ServingCalls | None = None
    """How the rows of ``prediction`` were sent through, where that was seen."""

    @property
    def has_initial_weights(self) -> bool:
        """Whether ``moment="initial"`` can be asked for."""
        return False

    def parameters(self) -> tuple[Parameter, ...]:
        """All weights, trainable first; running statistics (batch-norm buffers) are not parameters."""
        return ()

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        """Non-trainable state: batch-norm running means and variances, by ``layer.mean`` / ``layer.variance``."""
        return {}

    @abstractmethod
    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """Send rows through a clone. ``training=True`` uses dropout (fixed seed) and batch statistics."""

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Gradient of the user's loss on these rows, per parameter, in training mode.

        Parameters frozen by the user are included (their gradient is computed on the clone).
        Raises `NotAvailable` when the loss is unknown.
        """
        raise NotAvailable("the gradients of the loss")

    penalties_in_loss: bool = False
    """Whether `gradients` holds what `penalties` gives."""

    def penalties(self, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Gradient of the penalty on the weights that the recipe adds (L1, L2), per parameter; empty without one.

        What the optimizer takes off by itself (``weight_decay`` in `OptimizerFacts.settings`) is not in it.
        """
        return ()

    def output_penalties(self, layers: Sequence[LayerOutput]) -> Mapping[str, float]:
        """What penalties on the outputs of single layers add to the loss where they give these, by layer name."""
        return {}

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        """The user's loss on these rows in evaluation mode. Raises `NotAvailable` when it is unknown."""
        raise NotAvailable("the loss")

    def losses_of(self, outputs: Sequence[FloatArray], X: AnyArray, y: AnyArray) -> tuple[float, ...]:
        """The user's loss, had the network given these outputs for these rows, once per entry.

        Entries are shaped as `ForwardPass.outputs`; all rows are one batch. Raises `NotAvailable` where it is unknown.
        """
        raise NotAvailable("a loss that can be asked about other outputs")

    def remembered(self) -> Memory | None:
        """The first rows of `prediction` in the program's calls, with and without what calls leave in the network.

        ``None`` where it keeps nothing that later calls are answered from. Raises `NotAvailable` where nobody can look.
        """
        raise NotAvailable("a network whose own attributes can be looked at")

    def can_train(self, arm: Arm) -> str | None:
        """``None`` when `train` can run this arm, else the reason as a clause ("the model is subclassed")."""
        return "this Subject does not say how the model is trained"

    def as_written(self, code: str) -> str:
        """Code for a network called ``model``, as it stands where the user's ``model`` is what holds the network."""
        return code

    def at_the_door(self, arm: Arm, X: AnyArray) -> AnyArray:
        """Rows ``(n, ...)`` as the arm sends them into the network: behind its transform of the inputs."""
        return X if arm.inputs is None else numbered_like(arm.inputs(X), X)

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """Train a clone from the captured initial weights by the recipe with the arm's change.

        Seed 0 uses the captured initial weights; other seeds re-draw them *from the same distribution as the captured
        ones had* (the layers' own initializers where they are known, else a permutation of the captured values inside
        each array), and another batch order; what was loaded or is degenerate is kept for every seed. ``deadline`` is a
        ``time.monotonic()`` value past which `BudgetExceeded` is raised.
        """
        raise NotAvailable("a way to train the model again")


class NotAvailable(Exception):
    """A Subject cannot answer; the message says what it would need ("the labels", "the loss")."""


class BudgetExceeded(Exception):
    """A trial ran past its deadline."""

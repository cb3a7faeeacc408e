"""The output activation, its units and the loss that belong to the labels."""

from __future__ import annotations

from dataclasses import dataclass

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._labels import ids_to_number, numbering
from defib.interventions._writing import by_framework, maybe, recorded_optimizer
from defib.probes.alone import AloneFacts
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.preferences import PreferenceFacts
from defib.probes.undefined import UndefinedFacts
from defib.recipe import Arm


@dataclass(frozen=True)
class FittingHead:
    """What the task asks for; the network gives logits (or values), the loss does the rest."""

    units: int
    loss: str
    keras_activation: str
    keras_loss: str
    torch_loss: str

    @property
    def optax_loss(self) -> str:
        """An expression in optax."""
        names = {"mse": "squared_error", "bce_logits": "sigmoid_binary_cross_entropy"}
        categorical = "softmax_cross_entropy" + ("" if self.keras_loss.startswith("cat") else "_with_integer_labels")
        return f"optax.{names.get(self.loss, categorical)}"


def head_for(labels: LabelFacts) -> FittingHead:
    """The head for these labels."""
    if labels.task == "regression":
        return FittingHead(_columns(labels), "mse", "linear", "mean_squared_error", "MSELoss")
    if labels.task == "multilabel":
        return FittingHead(_columns(labels), "bce_logits", "sigmoid", "binary_crossentropy", "BCEWithLogitsLoss")
    if labels.task == "binary" and not labels.one_hot:
        return FittingHead(1, "bce_logits", "sigmoid", "binary_crossentropy", "BCEWithLogitsLoss")
    units = labels.shape[-1] if labels.one_hot else labels.n_distinct
    keras_loss = "categorical_crossentropy" if labels.one_hot else "sparse_categorical_crossentropy"
    return FittingHead(units, "ce_logits", "softmax", keras_loss, "CrossEntropyLoss")


def _columns(labels: LabelFacts) -> int:
    return labels.shape[-1] if len(labels.shape) > 1 else 1


def is_positive(book: Book) -> bool:
    """The user's loss has no value below the labels, and an output that cannot be negative is all that it lacks."""
    facts = maybe(book, UndefinedFacts)
    return facts is not None and facts.below is not None and facts.positive


def logarithms(book: Book) -> str | None:
    """``softmax`` or ``sigmoid``, where the head gives its logarithm to a loss that takes the logarithm itself."""
    head = maybe(book, HeadFacts)
    fits = head is not None and head.gives_logarithms and head.is_bare
    return head.activation.removeprefix("log_") if head is not None and fits else None


def _applies(book: Book) -> str | None:
    if is_positive(book):
        return None
    labels, head = book.get(LabelFacts), book.get(HeadFacts)
    wanted = head_for(labels)
    classes = ids_to_number(labels)
    of_one = head.units == 1 and head.activation == "softmax"  # says 1 whatever the labels are
    if classes is not None and not of_one and head.units == (wanted.units if len(classes) > 2 else 1):
        return "the head belongs to the labels once these are numbered"
    ids = labels.task in ("binary", "multiclass") and not labels.one_hot
    gaps = labels.minimum != 0 or labels.maximum != labels.n_distinct - 1
    if ids and gaps and classes is None:
        return "the class ids must be 0 … K−1 first"
    if head.dimmed_labels is not None:
        return "the labels must be 0 and 1 first"
    wants = maybe(book, PreferenceFacts)
    alone = maybe(book, AloneFacts)
    over_rows = alone is not None and alone.softmax_over_rows  # it sums to 1 over the wrong axis
    if _fits(head, wanted) and (wants is None or wants.prefers_right) and not over_rows:
        return "the head and the loss belong to the labels already"
    return None


def _fits(head: HeadFacts, wanted: FittingHead) -> bool:
    if head.labels_outside > 0 or head.broadcasts or head.is_bare:
        return False
    if wanted.loss == "mse":
        return head.units == wanted.units and head.activation == "linear"
    squashing_once = head.activations_before_loss == 1
    if head.units == 2 and wanted.units == 1:  # two softmax columns for two classes are as good as one sigmoid
        return squashing_once and head.loss_kind.endswith("categorical_cross_entropy")
    right = "binary_cross_entropy" if wanted.loss == "bce_logits" else "categorical_cross_entropy"
    squashed = head.activation in (wanted.keras_activation, "linear", "log_softmax")
    return head.units == wanted.units and squashing_once and squashed and head.loss_kind.endswith(right)


def _arm(book: Book) -> Arm:
    if is_positive(book):
        return Arm().with_edit("head", "softplus")
    if (chances := logarithms(book)) is not None:
        return Arm().with_edit("head", chances)
    wanted, units = head_for(book.get(LabelFacts)), book.get(HeadFacts).units
    arm = Arm(labels=ids_to_number(book.get(LabelFacts)))
    if units != wanted.units:
        arm = arm.with_edit("output_units", wanted.units)
    return arm.with_edit("head", "linear").with_edit("loss", wanted.loss)


def _code(book: Book, framework: str) -> str:
    classes = ids_to_number(book.get(LabelFacts))
    first = "" if classes is None else numbering(classes, framework) + "\n"
    labels = book.get(LabelFacts)
    if framework == "torch" and head_for(labels).loss == "ce_logits" and not labels.one_hot and len(labels.shape) > 1:
        first += "y_train = y_train.long().flatten()\n"
    return first + _head_code(book, framework)


ITSELF = "the loss takes the logarithm itself"
LOGITS = "the network gives logits: these are the probabilities"
POSITIVE = "the loss has no value for what is negative"


def _head_code(book: Book, framework: str) -> str:
    if is_positive(book):
        return by_framework(
            framework,
            keras=f"""
            keras.layers.Dense({book.get(HeadFacts).units}, activation="softplus")  # the last layer: {POSITIVE}
            """,
            torch=f"""
            outputs = torch.nn.functional.softplus(model(inputs))  # {POSITIVE}: in forward, or here and at prediction
            """,
            jax=f"""
            outputs = jax.nn.softplus(model(inputs))  # {POSITIVE}: in the network, or here and at prediction
            """,
        )
    if (chances := logarithms(book)) is not None:
        return by_framework(
            framework,
            keras=f"""
            keras.layers.Activation("{chances}")  # in place of the one of logarithms: {ITSELF}
            """,
            torch=f"""
            outputs = torch.{chances}(scores{", dim=-1" if chances == "softmax" else ""})  # no log_{chances}: {ITSELF}
            """,
            jax=f"""
            outputs = jax.nn.{chances}(scores)  # no log_{chances}: {ITSELF}
            """,
        )
    wanted = head_for(book.get(LabelFacts))
    head = book.get(HeadFacts)
    stays = (head.units, head.activation) == (wanted.units, wanted.keras_activation)
    layer = f'keras.layers.Dense({wanted.units}, activation="{wanted.keras_activation}")'
    last = "# the last layer stays as it is" if stays else f"{layer}  # in place of the last layer"
    bare = f"# the last layer stays as it is, with no {head.activation} after it"
    linear = (
        f"head = torch.nn.Linear(n_hidden, {wanted.units})  # in place of the last layer, with no activation after it"
    )
    shape = f", {wanted.units}" if wanted.units > 1 else ", 1"
    squash = {"bce_logits": "sigmoid({})", "ce_logits": "softmax({}, -1)"}.get(wanted.loss, "").format("model(X_new)")
    target = "class ids (n,)" if wanted.loss == "ce_logits" else f"targets of shape (n{shape})"
    return by_framework(
        framework,
        jax=f"""
        head = nnx.Linear(n_hidden, {wanted.units}, rngs=rngs)  # in place of the last one, with no activation after it
        # loss: {wanted.optax_loss}(outputs, y).mean(), outputs (n{shape}), {target}
        {f"p = jax.nn.{squash}  # {LOGITS}" if squash else ""}
        """,
        keras=f"""
        {last}
        model.compile(optimizer={recorded_optimizer(book, "keras")}, loss="{wanted.keras_loss}")
        """,
        torch=f"""
        {bare if head.units == wanted.units and head.activation != "linear" else linear}
        criterion = torch.nn.{wanted.torch_loss}()  # outputs (n{shape}), {target}
        {f"p = torch.{squash}  # {LOGITS}" if squash else ""}
        """,
    )


INTERVENTION = Intervention(
    name="fitting-head",
    does="give the network the output layer and the loss that belong to the labels",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)

"""No activation at the end of the network, and the loss that takes logits."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, recorded_optimizer
from defib.interventions.fitting_head import head_for
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.recipe import Arm


def _loss(book: Book) -> str:
    return head_for(book.get(LabelFacts)).loss if book.get(HeadFacts).units != 2 else "ce_logits"


def _applies(book: Book) -> str | None:
    labels, head = book.get(LabelFacts), book.get(HeadFacts)
    if labels.task == "regression":
        return "the labels are values"
    units = head_for(labels).units
    if head.units != units and not (head.units == 2 and units == 1):
        return f"the head has {head.units} units where the labels need {units}"
    if head.activation == "linear" and head.loss_takes == "logits" and head.activations_before_loss == 1:
        return "the loss takes logits already"
    return None


def _code(book: Book, framework: str) -> str:
    loss = _loss(book)
    one_hot = book.get(LabelFacts).one_hot
    categorical = "CategoricalCrossentropy" if one_hot else "SparseCategoricalCrossentropy"
    keras_loss = "BinaryCrossentropy" if loss == "bce_logits" else categorical
    keras_link = "keras.ops.sigmoid(logits)" if loss == "bce_logits" else "keras.ops.softmax(logits)"
    torch_loss = "BCEWithLogitsLoss" if loss == "bce_logits" else "CrossEntropyLoss"
    torch_link = "torch.sigmoid(logits)" if loss == "bce_logits" else "logits.softmax(dim=-1)"
    optax_loss = head_for(book.get(LabelFacts)).optax_loss
    if loss == "ce_logits" and "binary" in optax_loss:
        optax_loss = "optax.softmax_cross_entropy_with_integer_labels"
    jax_link = "jax.nn.sigmoid(logits)" if loss == "bce_logits" else "jax.nn.softmax(logits)"
    return by_framework(
        framework,
        jax=f"""
        # no activation after the last layer
        loss = {optax_loss}(logits, y).mean()
        probabilities = {jax_link}
        """,
        keras=f"""
        # no activation on the last layer
        loss = keras.losses.{keras_loss}(from_logits=True)
        model.compile(optimizer={recorded_optimizer(book, "keras")}, loss=loss)
        logits = model.predict(X_new)
        probabilities = {keras_link}
        """,
        torch=f"""
        # no activation after the last layer
        criterion = torch.nn.{torch_loss}()
        logits = model(X_new)
        probabilities = {torch_link}
        """,
    )


INTERVENTION = Intervention(
    name="logits-loss",
    does="end the network in logits and use the loss that takes them",
    kind="train",
    arm=lambda book: Arm().with_edit("head", "linear").with_edit("loss", _loss(book)),
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)

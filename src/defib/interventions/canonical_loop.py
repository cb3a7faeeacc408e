"""The same rows, loss and optimizer in a loop without surprises; a hand-made loss without a gradient is replaced."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, keras_loss, learning_rate, maybe, optimizer_call
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.updates import UpdateFacts
from defib.recipe import Arm

TAKES = {"sigmoid": "bce", "softmax": "ce"}
"""Canonical loss that takes what this activation gives."""
LOSSES = {
    "keras": {"bce": "binary_crossentropy", "ce": "categorical_crossentropy", "mse": "mean_squared_error"},
    "torch": {
        "bce": "torch.nn.functional.binary_cross_entropy(model(inputs), targets.float())",
        "ce": "torch.nn.functional.nll_loss(model(inputs).log(), targets)",
        "mse": "torch.nn.functional.mse_loss(model(inputs), targets)",
    },
}
"""What the user writes instead of a hand-made loss that lets no gradient through."""


def _applies(book: Book) -> str | None:
    updates = book.get(UpdateFacts)
    stuck = any(move.why_unmoved is not None for move in updates.parameters)
    return None if stuck else "every weight moved in the loop as it was"


def _own_loss(book: Book) -> str | None:
    """The canonical loss of the head as it is, where a hand-made one lets no gradient through; it would go on to."""
    head, labels = maybe(book, HeadFacts), maybe(book, LabelFacts)
    if head is None or labels is None or head.loss_kind != "other" or not head.gradient_zero_at_start:
        return None
    if head.labels_outside > 0:
        return None
    return TAKES.get(head.activation) if labels.task != "regression" else "mse"


def _arm(book: Book) -> Arm:
    arm, loss = Arm(loop="canonical"), _own_loss(book)
    return arm if loss is None else arm.with_edit("loss", loss)


def _code(book: Book, framework: str) -> str:
    rate = learning_rate(book)
    made = optimizer_call(book, framework, f"{rate if rate is not None else 1e-3:.4g}")
    own = _own_loss(book)
    if own is not None and framework in LOSSES:
        loss = LOSSES[framework][own]
        if framework == "keras" and own == "ce" and not book.get(LabelFacts).one_hot:
            loss = "sparse_categorical_crossentropy"
        return by_framework(
            framework,
            keras=f"""
            # a model without a train_step of its own
            model.compile(optimizer={made}, loss="{loss}")
            model.fit(X_train, y_train, epochs=10)
            """,
            torch=f"""
            # in place of the loss that cuts the gradient off
            loss = {loss}
            """,
        )
    return by_framework(
        framework,
        jax=f"""
        optimizer = nnx.Optimizer(model, {made}, wrt=nnx.Param)  # over all parameters, without a mask

        @nnx.jit
        def train_step(model, optimizer, x, y):
            grads = nnx.grad(lambda model: loss(model(x), y))(model)  # no stop_gradient, argmax or round between
            optimizer.update(model, grads)
        """,
        keras=f"""
        model.compile(optimizer={made}, loss={keras_loss(book)})
        model.fit(X_train, y_train, epochs=10)
        """,
        torch=f"""
        optimizer = {made}  # built after the model, from this model
        model.train()
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)  # the raw outputs: no argmax, round, item or detach between
            loss.backward()
            optimizer.step()
        """,
    )


INTERVENTION = Intervention(
    name="canonical-loop",
    does="train in a canonical loop over all trainable weights",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)

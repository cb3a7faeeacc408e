"""The training ended before what was learnt was lost, everything else as recorded."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.collapse import CollapseFacts
from defib.recipe import Arm

MARGIN = 0.9
"""Share of the way to the loss: a clone's batches come in another order, and it may lose it a little earlier."""


def _applies(book: Book) -> str | None:
    return None if book.get(CollapseFacts).lost_at is not None else "nothing that was learnt was lost"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        best_loss = float("inf")
        for epoch in range(n_epochs):
            train_one_epoch(model)
            if (loss := validation_loss(model)) < best_loss:
                best_loss, best = loss, nnx.state(model, nnx.Param)
        nnx.update(model, best)
        """,
        keras="""
        best = keras.callbacks.EarlyStopping(monitor="val_loss", patience=10, restore_best_weights=True)
        model.fit(X_train, y_train, validation_split=0.2, epochs=epochs, callbacks=[best])
        """,
        torch="""
        best_loss = float("inf")
        for epoch in range(epochs):
            train_one_epoch(model)
            loss = validation_loss(model)
            if loss < best_loss:
                best_loss = loss
                best_weights = {name: value.clone() for name, value in model.state_dict().items()}
        model.load_state_dict(best_weights)
        """,
        sklearn="""
        model.set_params(early_stopping=True, validation_fraction=0.2)
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="stop-before-collapse",
    does="end the training, or put back the weights, before what was learnt was lost",
    kind="train",
    arm=lambda book: Arm(stop_at=MARGIN * book.get(CollapseFacts).lost_share),
    applies=_applies,
    code=_code,
    size=2,
)

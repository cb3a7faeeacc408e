"""Every update made in training mode."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, maybe
from defib.probes.modes import ModeFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    modes = maybe(book, ModeFacts)
    return None if modes is not None and (modes.trained_in_evaluation or 0.0) > 0 else "it trains in training mode"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        for epoch in range(n_epochs):
            model.train()  # at the start of every epoch: a validation pass leaves evaluation mode behind
            train_one_epoch(model)
            model.eval()  # for the validation pass
        """,
        keras="""
        with tf.GradientTape() as tape:
            loss = loss_fn(targets, model(inputs, training=True))  # in every step
        """,
        torch="""
        for epoch in range(epochs):
            model.train()  # at the start of every epoch: a validation pass leaves evaluation mode behind
            for inputs, targets in loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
            model.eval()  # for the validation pass
        """,
    )


INTERVENTION = Intervention(
    name="training-mode",
    does="run every update in training mode",
    kind="train",
    arm=lambda book: Arm(loop="canonical"),
    applies=_applies,
    code=_code,
    size=1,
    impossible_in=("sklearn",),
)

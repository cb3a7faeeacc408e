"""The largest learning rate of the recorded schedule all the way, everything else as recorded."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, keras_loss, optimizer_call
from defib.probes.training import TrainingFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    changed = book.get(TrainingFacts).largest_rate is not None
    return None if changed else "the learning rate never changed"


def _code(book: Book, framework: str) -> str:
    training = book.get(TrainingFacts) if book.has(TrainingFacts) else None
    largest = training.largest_rate if training is not None else None
    made = optimizer_call(book, framework, f"{largest:.4g}" if largest is not None else "learning_rate")
    return by_framework(
        framework,
        jax=f"""
        tx = {made}  # a number in place of the schedule
        """,
        keras=f"""
        # without a schedule or a callback that changes the learning rate
        model.compile(optimizer={made}, loss={keras_loss(book)})
        """,
        torch=f"""
        optimizer = {made}
        for epoch in range(epochs):
            for inputs, targets in loader:
                optimizer.zero_grad()
                criterion(model(inputs), targets).backward()
                optimizer.step()
            # scheduler.step() stands here, once per epoch, if anywhere
        """,
        sklearn="""
        model.set_params(learning_rate="constant")
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="constant-learning-rate",
    does="keep the learning rate at the schedule's largest value",
    kind="train",
    arm=lambda book: Arm(constant_rate=True),
    applies=_applies,
    code=_code,
    size=1,
)

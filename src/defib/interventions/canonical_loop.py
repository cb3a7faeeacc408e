"""The same rows, loss and optimizer in a training loop without surprises."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, keras_loss, learning_rate, optimizer_call
from defib.probes.updates import UpdateFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    updates = book.get(UpdateFacts)
    stuck = any(move.why_unmoved is not None for move in updates.parameters)
    return None if stuck else "every weight moved in the loop as it was"


def _code(book: Book, framework: str) -> str:
    rate = learning_rate(book)
    made = optimizer_call(book, framework, f"{rate if rate is not None else 1e-3:.4g}")
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
    arm=lambda book: Arm(loop="canonical"),
    applies=_applies,
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)

"""The same rows, loss and optimizer in a loop without surprises; a hand-made loss without a gradient is replaced."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework, keras_loss, learning_rate, lines, maybe, n_epochs, optimizer_call
from defib.interventions.fitting_head import head_for
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import UpdateFacts
from defib.recipe import Arm

COUNTED = """
print(np.min(sample_weight), np.max(sample_weight))  # a weight above 0 for every row, around 1
# of several outputs: a weight above 0 for each loss, model.compile(..., loss_weights=...)
""".strip()
NO_LOSS = "no loss"
"""What `TrainingFacts.uncounted` says of an output that nothing is asked of."""
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
    if _reason(book) == "not_kept":  # the loop as it is, and its weights kept
        return Arm(serving="as_trained")
    arm, loss = Arm(loop="canonical"), _own_loss(book)
    return arm if loss is None else arm.with_edit("loss", loss)


def _registration(book: Book) -> str:
    """Lines that make layers in plain lists the model's own; without them `parameters()` would leave them out again."""
    updates = maybe(book, UpdateFacts)
    names = () if updates is None else tuple(move.name for move in updates.parameters if not move.registered)
    made = dict.fromkeys(_registered(name) for name in names)
    return "".join(
        f"{line}\n        " for line in ["# in __init__, so that model.parameters() holds them", *made] if made
    )


def _registered(name: str) -> str:
    """The line for a weight by its path.

    >>> _registered("hidden.0.weight"), _registered("w"), _registered("tower.ws.1")
    ('self.hidden = torch.nn.ModuleList(self.hidden)', 'self.w = torch.nn.Parameter(self.w)', \
'self.ws = torch.nn.ParameterList(self.ws)')
    """
    parts = name.split(".")
    at = next((i for i, part in enumerate(parts) if part.isdigit()), None)
    if at:
        kind = "ParameterList" if at == len(parts) - 1 else "ModuleList"
        return f"self.{parts[at - 1]} = torch.nn.{kind}(self.{parts[at - 1]})"
    if len(parts) > 2:
        return f"self.{parts[-3]} = torch.nn.ModuleDict(self.{parts[-3]})"
    return f"self.{parts[-1]} = torch.nn.Parameter(self.{parts[-1]})"


def _reason(book: Book) -> str:
    """Why the weights that did not move stayed where they were; empty where there are several reasons."""
    updates = maybe(book, UpdateFacts)
    stuck = [] if updates is None else [move for move in updates.parameters if move.why_unmoved is not None]
    if stuck and all(not move.registered for move in stuck):
        return "unregistered"
    reasons = {move.why_unmoved for move in stuck}
    return str(reasons.pop()) if len(reasons) == 1 else ""


SAYS = {
    "unregistered": "make the layers in plain lists or attributes the model's own, so that the optimizer gets them",
    "not_in_optimizer": "build the optimizer after the model, from all weights of this model",
    "zero_rate": "give all weights a learning rate, those of the idle parameter group as well",
    "cleared_gradient": "clear the gradients before the backward pass, and not between it and the optimizer's step",
    "not_kept": "keep what every step returns, and begin the next one with it",
    "no_gradient": "compute the loss from the outputs, with no item, detach, no_grad, numpy or round between",
    "no_steps": "let the optimizer make a step after every backward pass",
}
"""What the usual loop comes down to, by what is wrong in the program's own."""


def _says(book: Book) -> str | None:
    if (training := maybe(book, TrainingFacts)) is not None and training.uncounted:
        if NO_LOSS in training.uncounted:
            return "give this output a loss of its own"
        return "let every row, and the loss of every output, count"
    if training is not None and training.never_gathered:
        return "step with every gradient, or with so few together that the training makes many steps"
    return None if _own_loss(book) is not None else SAYS.get(_reason(book))


KEPT = lines("""
    state = state.apply_gradients(grads=grads)  # it returns the new state and leaves the old one as it was
    # with optax alone: updates, opt_state = tx.update(grads, opt_state); params = optax.apply_updates(params, updates)
    # a function that trains for an epoch returns them too: params, opt_state = train_epoch(params, opt_state)
    # with Flax NNX: optimizer.update(model, grads)
    """)


def _code(book: Book, framework: str) -> str:
    if (training := maybe(book, TrainingFacts)) is not None and training.uncounted:
        if NO_LOSS in training.uncounted and book.has(LabelFacts):
            return f'model.compile(optimizer=model.optimizer, loss="{head_for(book.get(LabelFacts)).keras_loss}")'
        return COUNTED
    updates = maybe(book, UpdateFacts)
    own = updates is not None and any(move.why_unmoved == "not_applied" for move in updates.parameters)
    rate = 1e-3 if own else learning_rate(book)  # the rate of an optimizer that updated nothing says nothing
    made = optimizer_call(book, framework, f"{rate if rate is not None else 1e-3:.4g}")
    loss_of_ours, registered = _own_loss(book), _registration(book)
    if loss_of_ours is not None and framework in LOSSES:
        loss = LOSSES[framework][loss_of_ours]
        if framework == "keras" and loss_of_ours == "ce" and not book.get(LabelFacts).one_hot:
            loss = "sparse_categorical_crossentropy"
        return by_framework(
            framework,
            keras=f"""
            # a model without a train_step of its own
            model.compile(optimizer={made}, loss="{loss}")
            model.fit(X_train, y_train, epochs={n_epochs(book) or 10})
            """,
            torch=f"""
            # in place of the loss that cuts the gradient off
            loss = {loss}
            """,
        )
    if framework == "torch" and _reason(book) in ("unregistered", "not_in_optimizer", "zero_rate"):
        return lines(f"""
        {registered}optimizer = {made}  # built after the model, from this model
        """)
    if framework == "jax" and training is not None and training.never_gathered:
        return f"tx = {made}  # was optax.MultiSteps, {training.gathers} gradients for each step"
    if framework == "jax" and _reason(book) == "not_kept":
        return KEPT
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
        model = keras.Model(model.inputs, model.outputs)  # the same layers, without a train_step of its own
        model.compile(optimizer={made if rate is not None else "model.optimizer"}, loss={keras_loss(book)})
        model.fit(X_train, y_train, epochs={n_epochs(book) or 10})
        """,
        torch=f"""
        {registered}optimizer = {made}  # built after the model, from this model
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
    does="train all weights in the usual loop: clear the gradients, backward, step",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    says=_says,
    size=2,
    impossible_in=("sklearn",),
)

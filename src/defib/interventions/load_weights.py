"""The trained weights brought into the network that predicts."""

from __future__ import annotations

from defib.causes._signs import lags
from defib.evidence import Book
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework, maybe
from defib.probes.loading import LoadingFacts
from defib.probes.training import TrainingFacts

NOTHING_LOADED = """\
model.load_state_dict(trained.state_dict())  # `trained`: the object that went through the training
model.eval()
# or predict with that object: a function that trains a copy, or builds its own, has to return it"""

PASSED_ON = """\
params, opt_state, loss = step(params, opt_state, x, y)  # the last step returns the trained weights
predictions = model.apply({"params": params}, x_test)  # these, and no copy from before the training"""


def _prefix(book: Book) -> str:
    """What stands in front of the file's names and not of the network's (``module.`` after `DataParallel`)."""
    facts = maybe(book, LoadingFacts)
    if facts is None:
        return ""
    for name in facts.left:
        for other in facts.unexpected:
            if other != name and other.endswith(f".{name}"):
                return other.removesuffix(name)
    return ""


def _average(book: Book, framework: str) -> str:
    """An average whose decay grows with the steps, so that it has caught up with a training of any length."""
    facts = maybe(book, TrainingFacts)
    steps = f" of {facts.n_updates:,}" if facts is not None and facts.n_updates else ""
    update = "averaged = decay * averaged + (1 - decay) * weights  # of every weight"
    if framework == "torch":
        update = (
            "for old, new in zip(averaged.parameters(), model.parameters()):\n    old.data.lerp_(new.data, 1 - decay)"
        )
    return (
        f"decay = min(0.99, (1 + step) / (10 + step))  # `step`: updates made so far{steps}\n{update}\n"
        "# or, while the average lags: predict with the network that was trained"
    )


def _code(book: Book, framework: str) -> str:
    found = maybe(book, LoadingFacts)
    if found is not None and lags(found) and (found.way or 0.0) > 0:
        return _average(book, framework)
    if framework == "torch" and found is not None and found.another_instance and found.filled_fraction is None:
        return NOTHING_LOADED
    if framework == "jax" and found is not None and found.put_in:
        return PASSED_ON
    prefix = _prefix(book)
    renamed = (
        f'state = {{name.removeprefix("{prefix}"): value for name, value in state.items()}}  # the file\'s own prefix'
        if prefix
        else "# the names in `state` must be those of model.state_dict()"
    )
    return by_framework(
        framework,
        jax="""
        nnx.update(model, state)  # the state that was saved, put into the model that predicts
        model.eval()
        """,
        keras="""
        model = keras.models.load_model("model.keras")  # architecture and weights together
        # or into a network built by the same code, built before it loads, with nothing skipped:
        # model.build(X_train.shape); model.load_weights("model.weights.h5")
        """,
        torch=f"""
        state = torch.load("weights.pt")
        {renamed}
        model.load_state_dict(state)  # strict: it raises where a name does not match
        model.eval()
        """,
    )


INTERVENTION = ask(
    "load-weights",
    "bring the trained weights into the network that predicts, and let the load fail where they do not fit",
    code=_code,
    size=1,
)

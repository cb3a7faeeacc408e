"""The trained weights brought into the network that predicts."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework, maybe
from defib.probes.loading import LoadingFacts


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


def _code(book: Book, framework: str) -> str:
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

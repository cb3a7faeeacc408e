"""A threshold that fits the ranking, in place of 0.5."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions._advice import ask
from defib.interventions._writing import by_framework, maybe
from defib.probes.head import HeadFacts
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.weighting import WeightingFacts

SEVERAL = "take the class whose probability stands highest over its mean, not the one with the largest probability"


def _applies(book: Book) -> str | None:
    labels = maybe(book, LabelFacts)
    if labels is not None and labels.task == "regression":
        return "the predictions are values"
    return None


def _code(book: Book, framework: str) -> str:
    return _threshold(book, framework) + _unweighted(book)


def _unweighted(book: Book) -> str:
    """Where classes were weighted: a line that says so."""
    facts = maybe(book, WeightingFacts)
    if facts is None or not facts.how:
        return ""
    return f"\n# or train without {facts.how}, and the probabilities are those of the rows as they are"


def _one_of_several(book: Book) -> bool:
    labels, facts = maybe(book, LabelFacts), maybe(book, SymptomFacts)
    several = facts is not None and facts.symptom.n_outputs > 1
    return several and (labels is None or labels.task != "multilabel")


def _from_logits(book: Book) -> bool:
    """The network gives logits, of which probabilities are made."""
    head, facts = maybe(book, HeadFacts), maybe(book, SymptomFacts)
    scores = facts is not None and facts.symptom.output_kind == "logit"  # in a unit of their own
    return head is not None and head.activation == "linear" and not scores


def _asked(book: Book, several: bool) -> tuple[str, str, str]:
    """How probabilities are asked for in Keras, PyTorch and JAX, with a place for the rows."""
    if not _from_logits(book):
        return "model.predict({})", "model({})", "model({})"
    kind, dim = ("softmax", ", dim=1") if several else ("sigmoid", "")
    keras = f"np.asarray(keras.ops.{kind}(model.predict({{}})))"
    return keras, f"torch.{kind}(model({{}}){dim})", f"jax.nn.{kind}(model({{}}))"


def _threshold(book: Book, framework: str) -> str:
    several = _one_of_several(book)
    keras, torch, jax = _asked(book, several)
    if several:
        each = "  # each class over how often the network expects it"
        return by_framework(
            framework,
            keras=f"""
            expected = {keras.format("X_train")}.mean(axis=0)
            labels = ({keras.format("X_new")} / expected).argmax(axis=1){each}
            """,
            torch=f"""
            expected = {torch.format("X_train")}.mean(dim=0)
            labels = ({torch.format("X_new")} / expected).argmax(dim=1){each}
            """,
            jax=f"""
            expected = {jax.format("X_train")}.mean(axis=0)
            labels = ({jax.format("X_new")} / expected).argmax(axis=1){each}
            """,
            sklearn=f"""
            expected = model.predict_proba(X_train).mean(axis=0)
            labels = model.classes_[(model.predict_proba(X_new) / expected).argmax(axis=1)]{each}
            """,
        )
    rate = "  # the base rate, as the network has it"
    return by_framework(
        framework,
        keras=f"""
        threshold = {keras.format("X_train")}.mean(axis=0){rate}
        labels = {keras.format("X_new")} > threshold
        """,
        torch=f"""
        threshold = {torch.format("X_train")}.mean(dim=0){rate}
        labels = {torch.format("X_new")} > threshold
        """,
        jax=f"""
        threshold = {jax.format("X_train")}.mean(axis=0){rate}
        labels = {jax.format("X_new")} > threshold
        """,
        sklearn=f"""
        threshold = model.predict_proba(X_train)[:, 1].mean(){rate}
        labels = model.predict_proba(X_new)[:, 1] > threshold
        """,
    )


INTERVENTION = ask(
    "lower-threshold",
    "cut the ranking at the mean prediction (or where the costs say), not at one half",
    code=_code,
    applies=_applies,
    says=lambda book: SEVERAL if _one_of_several(book) else None,
    size=1,
)

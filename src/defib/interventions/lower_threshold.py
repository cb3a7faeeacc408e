"""A threshold that fits the ranking, in place of 0.5."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions._advice import serve
from defib.interventions._writing import base_rate, by_framework, maybe
from defib.probes.labels import LabelFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.weighting import WeightingFacts


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


def _threshold(book: Book, framework: str) -> str:
    rate, facts = base_rate(book), maybe(book, SymptomFacts)
    if rate is None and facts is not None and facts.symptom.n_outputs > 1:
        return by_framework(
            framework,
            keras="""
            prior = np.bincount(y_train) / len(y_train)
            labels = (model.predict(X_new) / prior).argmax(axis=1)  # each class against its own base rate
            """,
            torch="""
            prior = torch.bincount(y_train) / len(y_train)
            labels = (model(X_new).softmax(dim=1) / prior).argmax(dim=1)  # each class against its own base rate
            """,
            jax="""
            prior = jnp.bincount(y_train) / len(y_train)
            labels = (jax.nn.softmax(model(X_new)) / prior).argmax(axis=1)  # each class against its own base rate
            """,
            sklearn="""
            prior = np.unique(y_train, return_counts=True)[1] / len(y_train)
            labels = model.classes_[(model.predict_proba(X_new) / prior).argmax(axis=1)]
            """,
        )
    share = f"{rate:.4g}" if rate is not None else "base_rate"
    return by_framework(
        framework,
        keras=f"""
        threshold = np.quantile(model.predict(X_held_out), 1 - {share})  # as many positives as there are
        labels = model.predict(X_new) > threshold
        """,
        torch=f"""
        threshold = torch.quantile(model(X_held_out), 1 - {share})  # as many positives as there are
        labels = model(X_new) > threshold
        """,
        jax=f"""
        threshold = jnp.quantile(model(X_held_out), 1 - {share})  # as many positives as there are
        labels = model(X_new) > threshold
        """,
        sklearn=f"""
        scores = model.predict_proba(X_held_out)[:, 1]
        threshold = np.quantile(scores, 1 - {share})  # as many positives as there are
        labels = model.predict_proba(X_new)[:, 1] > threshold
        """,
    )


INTERVENTION = serve(
    "lower-threshold",
    "cut the ranking where it fits the base rate (or the costs), not at one half",
    code=_code,
    applies=_applies,
    size=1,
)

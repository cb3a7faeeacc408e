"""Targets of mean 0 and standard deviation 1; predictions are transformed back."""

from __future__ import annotations

import numpy as np

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.labels import LabelFacts
from defib.recipe import Arm, InputTransform


def _applies(book: Book) -> str | None:
    labels = book.get(LabelFacts)
    if labels.task != "regression":
        return "the labels are classes"
    if not labels.sd > 0:
        return "the targets do not vary"
    return "the targets are standardized already" if abs(labels.mean) < 0.2 and 0.5 < labels.sd < 2 else None


def _arm(book: Book) -> Arm:
    labels = book.get(LabelFacts)
    return Arm(targets=InputTransform(np.array(labels.mean), np.array(labels.sd), "standardize"))


def _code(book: Book, framework: str) -> str:
    labels = book.get(LabelFacts)
    return by_framework(
        framework,
        jax=f"""
        y_mean, y_sd = {labels.mean:.6g}, {labels.sd:.6g}
        loss = jnp.mean((model(x) - (y - y_mean) / y_sd) ** 2)
        predictions = model(X_new) * y_sd + y_mean
        """,
        keras=f"""
        y_mean, y_sd = {labels.mean:.6g}, {labels.sd:.6g}
        model.fit(X_train, (y_train - y_mean) / y_sd)
        predictions = model.predict(X_new) * y_sd + y_mean
        """,
        torch=f"""
        y_mean, y_sd = {labels.mean:.6g}, {labels.sd:.6g}
        loss = criterion(model(inputs), (targets - y_mean) / y_sd)
        predictions = model(X_new) * y_sd + y_mean
        """,
        sklearn=f"""
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.preprocessing import StandardScaler

        # y has mean {labels.mean:.6g} and sd {labels.sd:.6g}
        model = TransformedTargetRegressor(regressor=model, transformer=StandardScaler())
        model.fit(X_train, y_train)
        predictions = model.predict(X_new)  # transformed back
        """,
    )


INTERVENTION = Intervention(
    name="standardize-targets",
    does="standardize the targets and transform the predictions back",
    kind="train",
    arm=_arm,
    applies=_applies,
    code=_code,
    size=2,
)

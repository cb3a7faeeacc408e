"""Bring every input column to mean 0 and standard deviation 1 over the training rows."""

from __future__ import annotations

from defib.causes._scale import is_squeezed
from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._scaling import cannot_scale, filled_first, is_standardized, z_score
from defib.interventions._writing import by_framework, is_array_of_one_unit
from defib.probes.inputs import InputFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    return cannot_scale(book) or ("the inputs are standardized already" if is_standardized(book) else None)


def _code(book: Book, framework: str) -> str:
    inputs = book.get(InputFacts)
    if inputs.door is not None and is_squeezed(inputs):
        first = f"# leave {inputs.door.name} out of the network: the rows are scaled before it\n"
        return first + _scaling(book, framework)
    return _scaling(book, framework)


def _scaling(book: Book, framework: str) -> str:
    if is_array_of_one_unit(book):
        return by_framework(
            framework,
            keras="""
            mean, sd = X_train.mean(), X_train.std()
            X_train = (X_train - mean) / sd
            X_new = (X_new - mean) / sd  # the training rows' mean and sd, never those of the new rows
            """,
            torch="""
            mean, sd = X_train.float().mean(), X_train.float().std()
            X_train = (X_train - mean) / sd
            X_new = (X_new - mean) / sd  # the training rows' mean and sd, never those of the new rows
            """,
        )
    return by_framework(
        framework,
        keras="""
        mean, sd = X_train.mean(axis=0), X_train.std(axis=0)
        sd[sd == 0] = 1.0  # constant columns
        X_train = (X_train - mean) / sd
        X_new = (X_new - mean) / sd  # the training rows' mean and sd, never those of the new rows
        """,
        torch="""
        mean, sd = X_train.mean(dim=0), X_train.std(dim=0)
        sd[sd == 0] = 1.0  # constant columns
        X_train = (X_train - mean) / sd
        X_new = (X_new - mean) / sd  # the training rows' mean and sd, never those of the new rows
        """,
        sklearn="""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model = make_pipeline(StandardScaler(), model)  # fit, predict and score go through the same scaler
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="standardize-inputs",
    does="standardize every input column",
    kind="train",
    arm=lambda book: Arm(inputs=z_score(book)),
    applies=_applies,
    code=lambda book, framework: filled_first(book, framework, _code(book, framework)),
    size=2,
)

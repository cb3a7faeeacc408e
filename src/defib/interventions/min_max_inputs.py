"""Bring every input column to the range 0..1 of the training rows."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._scaling import cannot_scale, filled_first, min_max
from defib.interventions._writing import by_framework, is_array_of_one_unit
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    reason = cannot_scale(book)
    if reason is not None:
        return reason
    transform = min_max(book)
    same = bool((abs(transform.offset) < 0.1).all() and (abs(transform.scale - 1) < 0.1).all())
    return "the inputs lie in 0..1 already" if same else None


def _code(book: Book, framework: str) -> str:
    if is_array_of_one_unit(book):
        return by_framework(
            framework,
            keras="X_train, X_new = X_train / 255.0, X_new / 255.0  # both, by the same number",
            torch="X_train, X_new = X_train / 255.0, X_new / 255.0  # both, by the same number",
        )
    return by_framework(
        framework,
        keras="""
        low, high = X_train.min(axis=0), X_train.max(axis=0)
        width = np.where(high > low, high - low, 1.0)
        X_train = (X_train - low) / width
        X_new = (X_new - low) / width  # the training rows' range, never that of the new rows
        """,
        torch="""
        low, high = X_train.min(dim=0).values, X_train.max(dim=0).values
        width = torch.where(high > low, high - low, torch.ones_like(high))
        X_train = (X_train - low) / width
        X_new = (X_new - low) / width  # the training rows' range, never that of the new rows
        """,
        sklearn="""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import MinMaxScaler

        model = make_pipeline(MinMaxScaler(), model)  # fit, predict and score go through the same scaler
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="min-max-inputs",
    does="bring every input column to the range 0..1",
    kind="train",
    arm=lambda book: Arm(inputs=min_max(book)),
    applies=_applies,
    code=lambda book, framework: filled_first(book, framework, _code(book, framework)),
    size=2,
)

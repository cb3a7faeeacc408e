"""Fill missing and infinite cells with their column's mean over the training rows."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._scaling import fill_missing
from defib.interventions._writing import by_framework, maybe
from defib.probes.inputs import InputFacts
from defib.probes.labels import LabelFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    inputs, labels = book.get(InputFacts), maybe(book, LabelFacts)
    if labels is not None and labels.nan_fraction > 0:
        return "labels are missing, which cannot be filled"
    return None if inputs.nan_cells + inputs.inf_cells > 0 else "every cell of the training rows is finite"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        keras="""
        mean = np.nanmean(np.where(np.isfinite(X_train), X_train, np.nan), axis=0)
        mean = np.nan_to_num(mean)  # a column without any number is filled with 0; better leave it out
        X_train = np.where(np.isfinite(X_train), X_train, mean)
        X_new = np.where(np.isfinite(X_new), X_new, mean)
        # then build the model afresh: weights that are NaN stay NaN
        """,
        torch="""
        mean = torch.where(X_train.isfinite(), X_train, torch.nan).nanmean(dim=0)
        mean = mean.nan_to_num()  # a column without any number is filled with 0; better leave it out
        X_train = torch.where(X_train.isfinite(), X_train, mean)
        X_new = torch.where(X_new.isfinite(), X_new, mean)
        # then build the model afresh: weights that are NaN stay NaN
        """,
        sklearn="""
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline

        model = make_pipeline(SimpleImputer(), model)
        model.fit(X_train, y_train)
        """,
    )


INTERVENTION = Intervention(
    name="impute-nan",
    does="fill missing and infinite cells with their column's mean",
    kind="train",
    arm=lambda book: Arm(inputs=fill_missing(book)),
    applies=_applies,
    code=_code,
    size=2,
)

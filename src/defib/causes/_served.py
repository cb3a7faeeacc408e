"""Rows served that no preparation of the training made: one point, unknown tokens; NaN of predicting. Private."""

from __future__ import annotations

from defib.causes._signs import maybe, num
from defib.diagnosis import Assessment, inconclusive, supported
from defib.evidence import Book
from defib.probes.inputs import InputFacts, ServingFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.updates import UpdateFacts
from defib.wording import percent

MOST = 0.5
"""Share of columns that do not follow the training distribution; a few may drift by chance or by time."""
CENTRE_SD, FAR_SD, COLUMNS = 0.05, 5.0, 5
"""A real row lies about 0.7 sd from the mean in its median column. One that lies at the centre of five columns or more
(a scaler fitted on the rows served), or far outside all of them, was made by the preprocessing."""
EXACT_SD = 1e-6
"""Closer to the means than any row comes: of two columns and more that is enough."""


def one_row(book: Book, facts: ServingFacts, because: str, numbers: dict[str, float]) -> Assessment:
    """All rows served are one: made so by the preprocessing where no real row lies there."""
    inputs = maybe(book, InputFacts)
    shift = facts.median_shift_sd
    if facts.blank and facts.training_rows_flat is False:
        because = (
            "every row served came out of the preprocessing as 0 in every column, as no training row did: it holds no "
            "category, or word, that was there in training"
        )
        return supported(because, weight=0.92, layer="input", **numbers)
    columns = 0 if inputs is None else inputs.n_columns
    many = columns >= COLUMNS or (columns > 1 and shift < EXACT_SD)
    if many and facts.training_rows_flat is False and (shift < CENTRE_SD or shift > FAR_SD):
        where = "at the centre of the training rows" if shift < CENTRE_SD else f"{num(shift)} sd outside them"
        because = f"every row served was turned into one point {where}, where no real row lies"
        return supported(because, weight=0.92, layer="input", **numbers)
    return inconclusive(f"{because}; they all are one row, whatever made them so", weight=0.3, layer=None, **numbers)


def unknown_tokens(facts: ServingFacts, numbers: dict[str, float]) -> Assessment:
    """Rows of unknown tokens, as no new text brings: most of its rows hold some word of the training rows."""
    because = f"{percent(facts.unknown_token_rows)} of the rows served hold no token that tells training rows apart"
    if facts.training_rows_flat:
        because = f"{because}, but the network is flat on its training rows too"
        return inconclusive(because, weight=0.3, layer=None, **numbers)
    numbers = {"unknown_token_rows_fraction": facts.unknown_token_rows, **numbers}
    because = f"{because}, as if they were numbered with another vocabulary"
    return supported(because, weight=0.92, layer="input", **numbers)


PREDICTING = (
    "the predictions are NaN although no weight and no cell is, and a copy of the network with the same weights gives "
    "numbers for its training rows: the NaN arises where the program predicts"
)


def nan_in_predicting(book: Book, updates: UpdateFacts | None) -> bool:
    """What was trained is sound: another path through the network, or what is done with its outputs, is not."""
    facts, served = book.get(SymptomFacts), maybe(book, ServingFacts)
    own = facts.training_symptom
    if updates is None or updates.nan_parameters or facts.symptom.pattern != "nan" or own is None:
        return False
    return own.pattern != "nan" and own.nan_fraction == 0 and (served is None or not served.nan_cells)

"""The step repaired that makes all rows equal or hides what tells the labels, before the network or in it."""

from __future__ import annotations

from dataclasses import replace

from defib.evidence import Book, Missing
from defib.interventions._advice import advice
from defib.interventions._writing import is_array_of_one_unit
from defib.probes.before import BeforeFacts
from defib.probes.masked import MaskedFacts
from defib.recipe import Arm

HOWS = ("step", "gone")
"""How the rows come from an array that they can be trained on in place of them."""
READING = ("getitem", "select", "pack_padded_sequence")
"""Steps that read a part of each row, by their name in the network: all of it can be read in place of that."""
EQUAL = """
    # behind each step from the file to the model, with what that step gives; repair the first that says 1
    print(len({row.tobytes() for row in np.asarray(X_train)}), "different rows")
    """
MASKED = """
    # behind each step from {name} to the model, with what that step gives; repair the first at chance ({chance})
    print(cross_val_score({learner}(), X_train, y_train, scoring="{scoring}").mean())
    """
TRIED = """
    X_train = ({name} - {name}.mean({axis})) / ({name}.std({axis}) + 1e-8)  # as tried: without that step
    """
NUMBERS = """
    # as tried: the texts of {name} as numbers, each column standardized; of decimal commas, that is
    value = float(cell.replace(".", "").replace(",", "."))  # pandas: read_csv(..., decimal=",", thousands=".")
    """
INSIDE = """
    # in the network: the values before and behind {step}, the rows along the first axis
    print(before.std(0).max(), behind.std(0).max())  # 0 behind it: that mask, slice or pooling leaves out what matters
    """

PIPED = """
    rows = pipeline[:-1].transform(X_train)  # what reaches the network: are these the columns that are meant?
    print(rows.shape, rows[:3])  # a PCA wants scaled columns, a ColumnTransformer drops those that it does not name
    """
READ = """
    # as tried: all steps of every row, in place of what {step} reads of them
    read = states.mean(1)  # where one position is picked
    lengths = (tokens != 0).sum(1)  # where rows are packed
    """
LEFT_OUT = """
    # as tried, in place of {step}: what it is given, each column normalized
    given = self.norm(given)  # self.norm = nn.BatchNorm1d(n_columns)
    """
NORM = """
    # leave {step} out: it normalizes one number for each row, which leaves 0 whatever the number was
    """

_GIVEN = advice(
    "repair-input-step",
    "repair the step after which all rows are equal, or no longer tell the labels",
    keras=EQUAL,
    torch=EQUAL,
)


def _code(book: Book, framework: str) -> str:
    if book.has(MaskedFacts) and (step := book.get(MaskedFacts).step) is not None:
        text = (NORM if book.get(MaskedFacts).normalizes else INSIDE).format(step=step)
        text += READ.format(step=step) if _reading(book) else LEFT_OUT.format(step=step) if _dispensable(book) else ""
        return advice("", "", keras=text.replace(LEFT_OUT.format(step=step), ""), torch=text).code(book, framework)
    before = book.get(BeforeFacts) if book.has(BeforeFacts) else None
    if before is not None and before.piped:
        return advice("", "", keras=PIPED, torch=PIPED).code(book, framework)
    if before is None or before.name is None or before.how not in HOWS:
        return _GIVEN.code(book, framework)
    values = before.metric == "r2"
    text = MASKED.format(
        name=before.name,
        chance="0" if values else "0.5",
        learner="HistGradientBoostingRegressor" if values else "HistGradientBoostingClassifier",
        scoring="r2" if values else "roc_auc_ovr",
    )
    axis = "" if is_array_of_one_unit(book) else "0"
    text += (NUMBERS if before.read else TRIED).format(name=before.name, axis=axis)
    return advice("", "", keras=text, torch=text).code(book, framework)


def _arm(book: Book) -> Arm:
    if book.has(BeforeFacts) and book.get(BeforeFacts).how in HOWS:
        return Arm(rows="before")
    if (step := _reading(book)) is not None:
        return Arm().with_edit("pooled", step)
    if (step := _dispensable(book)) is not None:
        return Arm().with_edit("left_out", step)
    raise Missing("BeforeFacts", "the rows as they were before the step, in a variable of the program's")


def _reading(book: Book) -> str | None:
    """The step of the network that says how much of a sequence is read, where that hides the rows."""
    step = book.get(MaskedFacts).step if book.has(MaskedFacts) else None
    return step if step is not None and step.partition(":")[2].partition("#")[0] in READING else None


def _dispensable(book: Book) -> str | None:
    """Another step of the network that hides the rows: whether it can be left out, the adapter says."""
    facts = book.get(MaskedFacts) if book.has(MaskedFacts) else None
    return None if facts is None or facts.attention is not None or _reading(book) is not None else facts.step


def _says(book: Book) -> str | None:
    step = _dispensable(book)
    return None if step is None else f"leave {step} out of the network, or repair it"


INTERVENTION = replace(_GIVEN, kind="train", arm=_arm, code=_code, says=_says)

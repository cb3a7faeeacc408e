"""Write the pages of the documentation that are made from the code: causes, symptoms, command line, printed reports.

``python -m scripts.pages`` writes them below ``docs/`` and into README.md; with ``--check`` it writes nothing, names
the stale ones and every broken link of README.md and ``docs/``, and ends with 1 (part of ``make check``).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from defib.catalogue import CAUSES, all_causes, load
from defib.causes import Cause
from defib.pages import page, summary
from defib.pointers import BETWEEN, BY_VALUE, ELSEWHERE, FEW, NO_SKILL, NOT_A_NUMBER, ONE_CLASS, Pointer
from defib.wording import EQUALS
from scripts import printed

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MADE = "<!-- made by scripts/pages.py from the code; change it there -->"
VERBS = ("run", "diagnose", "predictions", "explain", "report", "demo", "mcp")

SEEN = {
    "exactly_one": "exactly 1.0 for every row",
    "class_prior": "the share of the positive class (or the class frequencies), loss at the entropy of the labels",
    "mean_of_y": "the mean of the targets, loss at the variance of y",
    "logit_zero": "0 before the activation",
    "one_half": "0.5 for every row, loss at 0.693 (ln 2)",
    "uniform": "1/K for every class, loss at ln K (2.303 for ten classes)",
    "zero": "0 for every row",
    "low_end": "the low end of the output's range (0 for a sigmoid, -1 for a tanh)",
    "high_end": "the high end of the output's range",
    "last_class": "the class of the last rows in the file",
}
"""What a person sees, for each trivial predictor that a constant may equal (`defib.wording.EQUALS`)."""
ASKED = (
    (
        "Keras predicts the same value for every input",
        "`model.predict` returns the same value, probability or class for all samples. Look the value up above: 0.5, "
        "the share of a class and the mean each point elsewhere. If `evaluate` is fine and only `predict` is not: "
        "{preprocessing-skew}, {weights-not-loaded} and {display-or-metric}.",
    ),
    (
        "PyTorch model outputs the same for all inputs, always predicts the same class",
        "Shapes in the loss first ({broadcast-loss}), then what never reaches the weights: {detached-graph}, "
        "{gradients-cleared-or-never-applied}, {parameters-not-in-optimizer}; then {unscaled-inputs}.",
    ),
    (
        "All predictions are 0 or 1, sigmoid or softmax output is always 1",
        "Exactly 1.0 is {single-unit-softmax}. Nearly 0 or 1 is a saturated head: {labels-outside-output-range}, "
        "{unscaled-inputs}, or rows served raw to a network trained on scaled ones ({preprocessing-skew}).",
    ),
    (
        "Loss is NaN, predictions are NaN",
        "A cell of the data is NaN ({nan-inputs}), or the training threw the weights out of range "
        "({learning-rate-too-high}, {numerical-overflow}). `argmax` then reads class 0.",
    ),
    (
        "Loss is stuck at 0.693 or 2.303, loss does not decrease, accuracy does not change",
        "0.693 is ln 2 and 2.303 is ln 10: every class is given the same chance, nothing arrives at the output. "
        "{zero-or-symmetric-initialization}, {dead-relus}, {vanishing-gradients}, {relu-on-output}; or the rows hold "
        "nothing to learn ({no-learnable-signal}).",
    ),
    (
        "Training accuracy is good but predict gives one class",
        "The fault lies between the trained network and its answers: {preprocessing-skew}, "
        "{stale-batchnorm-statistics}, {wrong-mode}, {weights-not-loaded}, {threshold-only}.",
    ),
    (
        "argmax always returns class 0",
        "A single column has only one largest entry ({display-or-metric}), and NaN reads as class 0 ({nan-inputs}).",
    ),
    (
        "Regression network or LSTM predicts the mean, a flat line",
        "{target-scale}, {broadcast-loss} (loss at the variance of y), {learning-rate-too-low}, {undertrained}; for "
        "sequences also {no-learnable-signal}.",
    ),
    (
        "MLPClassifier or MLPRegressor (scikit-learn) predicts one class or one value",
        "{unscaled-inputs} before all, then {stopped-on-plateau} and {class-imbalance}. `defib run` watches "
        "them as it does Keras and PyTorch.",
    ),
    (
        "Different output in model.train() and model.eval(), BatchNorm makes all predictions the same",
        "{stale-batchnorm-statistics}, {wrong-mode}, {batch-dependent-output}.",
    ),
)
"""How people ask, each a heading so that the search finds it, and what to look at; ``{name}`` is a cause."""
BOOST = "---\nsearch:\n  boost: 4\n---\n\n"
"""For the search of the site: whoever has a symptom and no word for its cause belongs here."""
CAUSES_TOP = """Why a trained network predicts the same for every row. Each page says what speaks for and against the
cause, what it is easily taken for, and what repairs it."""
SYMPTOMS_TOP = """A network that predicts the same for every row tells a good deal by *which* value it predicts. Find
yours; then let `defib run train.py` prove it: the value is a pointer, only the network can prove it."""
SYMPTOMS_END = """See also [what the usual answers get wrong](usual-answers.md). With predictions alone,
`defib predictions p.csv --labels y.csv` finds the row of the table for you."""


def cause_page(cause: Cause) -> str:
    """The page of a cause as it stands in its module, with what the code knows of its place."""
    body = page(cause).partition("\n\n")[2]
    near = ", ".join(_link(code, "") for code in cause.look_alikes) or "nothing else"
    fixes = ", ".join(f"`{name}`" for name in cause.fixes) or "none"
    return (
        f"# {cause.name} ({cause.code})\n\n{MADE}\n\n{_told(cause)}\n\n{body}\n\n---\n\n"
        f"Stage: {cause.stage.replace('_', ' ')}. Fixes that defib tries or advises: {fixes}. "
        f"Easily taken for: {near}.\n"
        f"In the terminal: `defib explain {cause.name}`. [All causes](index.md)\n"
    )


def _told(cause: Cause) -> str:
    text = summary(cause).removeprefix(f"{cause.code} ").removeprefix(cause.name).lstrip(":. ")
    return text[:1].upper() + text[1:]


def _link(code: str, folder: str) -> str:
    return f"[{load(code).name}]({folder}{load(code).name}.md)" if code in CAUSES else code


def cause_index() -> str:
    """All causes by stage."""
    lines = ["# Causes", "", MADE, "", CAUSES_TOP]
    stage = ""
    for cause in all_causes():
        if cause.stage != stage:
            stage = cause.stage
            lines += ["", f"## {stage.replace('_', ' ').capitalize()}", "", "| code | because of | |", "|---|---|---|"]
        lines.append(f"| {cause.code} | [{cause.name}]({cause.name}.md) | {_told(cause)} |")
    return "\n".join(lines) + "\n"


def symptom_page() -> str:
    """I see a constant of ... → these causes."""
    rows = [(SEEN[name], BY_VALUE[name]) for name in EQUALS if name in BY_VALUE]
    rows += [
        ("NaN, or always class 0 because argmax reads NaN so", NOT_A_NUMBER),
        ("a value between one half and the base rate", BETWEEN),
        ("some other constant, equal to no trivial predictor", ELSEWHERE),
        ("one class for all rows, though the probabilities differ", ONE_CLASS),
        ("only a few different values", FEW),
        ("values that differ, and have nothing to do with the labels", NO_SKILL),
    ]
    head = ["| every prediction is | it usually comes from | look at |", "|---|---|---|"]
    lines = [BOOST + "# I see a constant of …", "", MADE, "", SYMPTOMS_TOP, "", *head]
    lines += [f"| {seen} | {pointer.says} | {_named(pointer)} |" for seen, pointer in rows]
    links = {cause.name: f"[{cause.name}](causes/{cause.name}.md)" for cause in all_causes()}
    for question, answer in ASKED:
        lines += ["", f"## {question}", "", answer.format(**links)]
    lines += ["", "## And then", "", SYMPTOMS_END]
    return "\n".join(lines) + "\n"


def _named(pointer: Pointer) -> str:
    return ", ".join(_link(code, "causes/") for code in pointer.codes)


def command_page() -> str:
    """The help of every verb, as the command prints it."""
    parts = ["# The command line", "", MADE, "", "```", _help(), "```"]
    for verb in VERBS:
        parts += ["", f"## defib {verb}", "", "```", _help(verb), "```"]
    return "\n".join(parts) + "\n"


def _help(*verb: str) -> str:
    environment = {**os.environ, "COLUMNS": "90", "TERMINAL_WIDTH": "90", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "defib", *verb, "--help"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return "\n".join(line.rstrip() for line in shown.strip().splitlines())


def made() -> dict[Path, str]:
    """Every page that is made, by path."""
    pages = {DOCS / "causes" / f"{cause.name}.md": cause_page(cause) for cause in all_causes()}
    return {**pages, DOCS / "causes" / "index.md": cause_index(), DOCS / "symptoms.md": symptom_page(),
            DOCS / "command-line.md": command_page(), **printed.pages()}  # fmt: skip


def stale(pages: dict[Path, str]) -> Iterator[str]:
    """Pages that are not as the code has them, and pages of causes that are gone."""
    for path, text in pages.items():
        if not path.is_file() or path.read_text() != text:
            yield f"{path.relative_to(ROOT)} is stale: python -m scripts.pages"
    for path in (DOCS / "causes").glob("*.md"):
        if path not in pages:
            yield f"{path.relative_to(ROOT)} belongs to no cause: remove it"


def anchors(text: str) -> set[str]:
    r"""Anchors of the headings, as GitHub and MkDocs make them.

    >>> sorted(anchors("# In CI\n## Words, and more"))
    ['in-ci', 'words-and-more']
    """
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def broken_links(paths: list[Path]) -> Iterator[str]:
    """Relative links that lead nowhere; what stands outside the repository is not looked at."""
    for path in paths:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            if not there.exists():
                yield f"{path.relative_to(ROOT)} links to {target}, which does not exist"
            elif anchor and there.suffix == ".md" and anchor not in anchors(there.read_text()):
                yield f"{path.relative_to(ROOT)} links to {target}: there is no such heading"


def main() -> int:
    """Write the pages, or check them."""
    pages = made()
    if "--check" not in sys.argv[1:]:
        for path, text in pages.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return 0
    written = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    found = [*stale(pages), *broken_links(written)]
    fine = f"{len(pages)} pages are as the code has them; the links of {len(written)} files lead somewhere"
    print("\n".join(found) or fine)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())

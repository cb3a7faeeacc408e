"""The HTML report: one self-contained page without network, and the same without the page for notebooks.

The template ``report.html.j2`` escapes every value; what is markup already comes from `defib.reporters.charts`, from
Pygments and from the Markdown parser of the cause pages, which escape it themselves. Two scripts run in the page, Vega
and ``vega/page.js``; its security policy names them by their hash, so that no other one does, whatever a name says.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from defib import __version__
from defib.catalogue import CAUSES, load
from defib.diagnosis import Diagnosis
from defib.findings import severity
from defib.pages import page
from defib.reporters import html_view as view
from defib.reporters.background import Background, Behind, behind
from defib.reporters.figures import figures
from defib.reporters.legible import legible
from defib.reporters.parts import (
    acts_through,
    alternatives_title,
    by_need,
    cause_title,
    course_title,
    fix_title,
    further,
    place_text,
    proofs,
    tie_text,
    where,
)
from defib.reporters.words import look_alikes_first, place, seeds_clause, symptom_facts

LEVELS = {
    "error": "at fault",
    "warning": "at fault",
    "note": "nothing wrong with the network",
    "none": "healthy",
}
DEEPER = {"h1": "h4", "h2": "h4", "h3": "h5"}
"""Headings of a cause's page stand below those of the report."""


PARTS = (
    ("predictions", "Predictions", ("facts",)),
    ("cause", "Cause", ("cause",)),
    ("layers", "Layers", ("layers",)),
    ("loss", "Loss", ("loss",)),
    ("inputs", "Inputs", ("inputs",)),
    ("gradients", "Gradients", ("parameters",)),
    ("paths", "Paths", ("paths",)),
    ("trials", "Trials", ("trials",)),
    ("ruled-out", "Ruled out", ("ruled_out", "inconclusive")),
    ("fix", "Fix", ("fix",)),
    ("rest", "Not assessed and next", ("not_assessed", "notes", "next")),
    ("provenance", "Provenance", ("provenance",)),
)
"""Anchor, words of its link, and what must be there for it."""
BARE: dict[str, Any] = {"figures": {}, "evidence": [], "layers": [], "inputs": None, "parameters": []}
"""What the last of very many models go without."""
PER_CENT = re.compile("([0-9]) %")
LONGEST_LINE = 300
"""Characters of a line of the program: a page breaks it, but it is the program's line, not its data."""
LARGEST = 1_500_000
"""Bytes of a page; where many models would make it larger, the last ones go without figures and long tables."""


def render(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> str:
    """The whole page."""
    known = background if background is not None else Background()
    models = [article(one, index, known) for index, one in enumerate(diagnoses)]
    text = _whole(models, known)
    kept = len(models)
    while len(text.encode()) > LARGEST and kept:
        kept //= 2
        for model in models[kept:]:
            model.update(BARE, left_out=True)
        text = _whole(models, known)
    return text


def _whole(models: Sequence[Mapping[str, Any]], known: Background) -> str:
    drawn = {f"{model['anchor']}-{kind}": one.spec for model in models for kind, one in model["figures"].items()}
    scripts = _scripts() if drawn else ()
    text = _template().render(
        page=True,
        models=[{**model, "parts": _parts(model)} for model in models],
        script=legible(Path(known.script).name) if known.script else "",
        version=__version__,
        scripts=[Markup(one) for one in scripts],
        policy=" ".join(_fingerprint(one) for one in scripts),
        specs=Markup(as_data(drawn)),
    )
    return text.lstrip() + "\n"


def _parts(model: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Anchors and words of the parts that are there."""
    return [(name, words) for name, words, needs in PARTS if any(model[one] for one in needs)]


def fragment(diagnosis: Diagnosis) -> str:
    """One diagnosis as a piece of HTML for a notebook, without scripts; its style reaches nothing outside it.

    A notebook has a style of its own for tables, lists and headings. Ours names its class three times and weighs more.
    """
    models = [article(diagnosis, 0, Background())]
    text = _template().render(page=False, models=models, script="", version=__version__)
    style, end, rest = text.partition("</style>")
    return style.replace(".defib", ".defib.defib.defib") + end + rest


def as_data(value: object) -> str:
    r"""JSON that may stand inside a ``<script>``, whatever its texts hold.

    >>> as_data("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _scripts() -> tuple[str, str]:
    """Vega with its licences' notice, and the page's own script."""
    here = Path(__file__).parent / "vega"
    notice = "/* Vega, Vega-Lite and vega-embed, BSD 3-Clause; d3, ISC: https://vega.github.io */\n"
    vega = gzip.decompress((here / "bundle.js.gz").read_bytes()).decode()
    return notice + vega, (here / "page.js").read_text(encoding="utf-8")


def _fingerprint(script: str) -> str:
    """The source expression of a security policy that lets this script run and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def article(diagnosis: Diagnosis, index: int, background: Background) -> dict[str, Any]:
    """What the template shows of one diagnosis."""
    found: Behind = legible(behind(diagnosis, background, index))
    location = background.location(index, diagnosis)
    d = legible(diagnosis)
    level = severity(d)
    undecided = d.outcome == "undecided"
    return {
        "anchor": f"model-{index + 1}",
        "number": index + 1,
        "model": d.model,
        "framework": d.framework,
        "headline": d.headline,
        "figures": figures(d, found),
        "left_out": False,
        "known": index in background.accepted,
        "level": level,
        "says": "undecided" if undecided else LEVELS[level],
        "facts": symptom_facts(d.symptom),
        "value": view.value_chart(d.symptom),
        "cause": _cause(d),
        "course": list(d.course),
        "course_title": course_title(d),
        "at": "" if location is None else legible(str(location)),
        "layers": view.layers(found, d.first_equal_layer),
        "first_equal": place(d.first_equal_layer) if d.first_equal_layer else "",
        "loss": view.loss_chart(found),
        "inputs": view.input_chart(found),
        "parameters": view.parameters(found),
        "looks": view.looks(found),
        "paths": view.paths(d.symptom, found),
        "trials": view.trials(d.trials),
        "ruled_out": [view.hypothesis(one) for one in look_alikes_first(d.ruled_out, d.causes)],
        "inconclusive": [view.hypothesis(one) for one in d.inconclusive],
        "not_applicable": [view.hypothesis(one) for one in d.not_applicable],
        "fix": _fix(d),
        "not_assessed": list(by_need(d.not_assessed).items()),
        "notes": list(d.notes),
        "next": d.next_command,
        "provenance": view.provenance(d, found, legible(dict(background.header))),
        "evidence": view.evidence(found),
        "recorded": bool(found.evidence),
    }


def _cause(d: Diagnosis) -> dict[str, Any] | None:
    if not d.causes:
        return None
    best = d.causes[0]
    harmless = d.outcome == "nothing_wrong"
    return {
        "title": cause_title(d),
        "name": best.name,
        "code": best.code,
        "where": where(best),
        "line": escape(place_text(best, LONGEST_LINE)),  # code is no prose: as it stands
        "because": "" if best.assessment.because in d.headline else best.assessment.because,
        "numbers": proofs(d, most=None),
        "tied": tie_text(d),
        "acts_title": f"Also seen, explained by {best.name}" if harmless else f"How {best.name} acts",
        "acts": [view.hypothesis(one) for one in acts_through(d.causes)],
        "further": [view.hypothesis(one) for one in further(d.causes)],
        "page": _page(best.code),
    }


def _fix(d: Diagnosis) -> dict[str, Any] | None:
    if d.fix is None:
        return None
    return {
        "title": fix_title(d.fix),
        "says": d.fix.says,
        "proven": "verified" if d.fix.verified else "not verified",
        "tried": seeds_clause(d.fix, d.trials),
        "code": coloured(d.fix.code) if d.fix.code else "",
        "alternatives_title": alternatives_title(d.fix),
        "alternatives": ", ".join(d.fix.alternatives),
        "insufficient": ", ".join(d.fix.insufficient),
    }


def coloured(code: str) -> Markup:
    """Python as escaped HTML with a class per kind of token."""
    return Markup(highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))


def _page(code: str) -> Markup:
    """The page of a cause; nothing when this version does not know it."""
    if code not in CAUSES:
        return Markup("")
    reader = MarkdownIt("commonmark", {"html": False})
    tokens = reader.parse(page(load(code)))
    for token in tokens:
        token.tag = DEEPER.get(token.tag, token.tag)
    rendered = reader.renderer.render(tokens, reader.options, {})
    return Markup(rendered.replace("<pre>", '<pre tabindex="0">'))  # what scrolls is reached by keyboard


def kept_together(value: Any) -> Any:
    r"""A per cent sign stays on the line of its number.

    >>> kept_together("5 % of all"), kept_together(3)
    ('5\xa0% of all', 3)
    """
    return PER_CENT.sub("\\1\u00a0%", value) if type(value) is str else value


@cache
def _template() -> Template:
    here = FileSystemLoader(Path(__file__).parent)
    environment = Environment(
        loader=here,
        autoescape=True,
        undefined=StrictUndefined,
        finalize=kept_together,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")

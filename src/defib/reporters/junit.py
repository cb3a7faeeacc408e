"""JUnit XML: one test case per model, so that a CI server lists flat models as it lists failed tests.

A fault that was found, or a flat model without one, is a failure; what a baseline holds, and what could not be decided
for lack of labels, is skipped; a healthy network, and one that is not at fault, passes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from defib.diagnosis import Diagnosis
from defib.findings import severity
from defib.reporters.background import Background
from defib.reporters.terminal import render_text

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
WIDTH = 100


def render(diagnoses: Sequence[Diagnosis], background: Background | None = None) -> str:
    """The whole report as text."""
    known = background if background is not None else Background()
    cases = [_case(one, index, known) for index, one in enumerate(diagnoses)]
    suite = Element("testsuite", name="defib", tests=str(len(cases)), errors="0")
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    suite.set("time", f"{sum(one.seconds for one in diagnoses):.3f}")
    suite.extend(cases)
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case(d: Diagnosis, index: int, background: Background) -> Element:
    location = background.location(index, d)
    script = "defib" if background.script is None else f"defib.{Path(background.script).stem}"
    case = Element("testcase", classname=_legal(script), name=_legal(d.model), time=f"{d.seconds:.3f}")
    level = severity(d)
    if level in ("error", "warning") and index in background.accepted:
        SubElement(case, "skipped", message=_legal(f"in the baseline: {d.headline}"))
    elif level in ("error", "warning"):
        cause = d.causes[0].name if d.causes else d.symptom.pattern
        failure = SubElement(case, "failure", type=_legal(cause), message=_legal(d.headline))
        at = "" if location is None else f"{location.file}:{location.line or 1}\n"
        failure.text = _legal(at + render_text(d, WIDTH))
    elif level == "note" and d.outcome == "undecided":
        SubElement(case, "skipped", message=_legal(d.headline))
    else:
        SubElement(case, "system-out").text = _legal(d.headline)
    return case


def _legal(text: str) -> str:
    r"""Text that XML can hold.

    >>> _legal("a" + chr(0) + "b" + chr(27) + "[1m" + chr(10))
    'a?b?[1m\n'
    """
    return ILLEGAL.sub("?", text)

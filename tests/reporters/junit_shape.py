"""The shape of a JUnit report as CI servers read it: which elements, which attributes, and counts that agree.

JUnit XML has no standard; this is what Jenkins and those after it take. What is not listed here is not allowed, so that
a new attribute must be looked up first.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

ALLOWED: Final = {
    "testsuites": (frozenset({"testsuite"}), frozenset[str](), frozenset({"name", "time", "tests", "failures"})),
    "testsuite": (
        frozenset({"testcase"}),
        frozenset({"name", "tests", "failures", "errors"}),
        frozenset({"time", "skipped", "timestamp", "hostname", "file"}),
    ),
    "testcase": (
        frozenset({"failure", "skipped", "error", "system-out"}),
        frozenset({"name"}),
        frozenset({"classname", "time"}),
    ),
    "failure": (frozenset[str](), frozenset[str](), frozenset({"type", "message"})),
    "skipped": (frozenset[str](), frozenset[str](), frozenset({"type", "message"})),
    "system-out": (frozenset[str](), frozenset[str](), frozenset[str]()),
}
"""Element → its children, the attributes it must have, and those it may have."""


def read(text: bytes) -> ElementTree.Element:
    """The one suite of a report; raises `AssertionError` where a CI server would not take it."""
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for one in root.iter():
        children, must, may = ALLOWED[one.tag]
        assert {child.tag for child in one} <= children, one.tag
        assert must <= set(one.attrib) <= must | may, (one.tag, one.attrib)
        float(one.get("time", "0"))
    (suite,) = root
    counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    assert {name: int(suite.get(name, "0")) for name in counted} == {
        name: len(list(suite.iter(tag))) for name, tag in counted.items()
    }
    return suite

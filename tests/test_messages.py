"""Every slug in the sources has its entry in docs/messages.md, and no other; messages have three beats."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from defib.errors import DefibError, InputError, MissingFrameworkError, ModelError

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "messages.md").read_text()
ERRORS = {"DefibError", "InputError", "ModelError", "MissingFrameworkError"}
SLUG = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")
WITHOUT_EXCEPTION = {"internal-error"}
"""Told on stderr, never raised."""


def calls(text: str) -> Iterator[ast.Call]:
    """Constructions of our errors."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ERRORS:
                yield node


def slugs_in(text: str) -> set[str]:
    found = set()
    for call in calls(text):
        assert call.args, ast.unparse(call)
        assert isinstance(call.args[0], ast.Constant), f"a slug is written out: {ast.unparse(call)}"
        found.add(str(call.args[0].value))
    return found


def sources() -> dict[Path, str]:
    return {path: path.read_text() for path in (ROOT / "src").rglob("*.py")}


def used() -> set[str]:
    return set().union(*(slugs_in(text) for text in sources().values())) | WITHOUT_EXCEPTION


def explained() -> list[str]:
    return re.findall(r"^## (\S+)$", PAGE, re.MULTILINE)


def test_every_slug_is_explained_once() -> None:
    assert sorted(explained()) == sorted(used())


def test_slugs_are_lawful() -> None:
    for slug in used():
        assert SLUG.match(slug), slug


def test_errors_that_are_only_told_stand_in_the_sources() -> None:
    everything = "".join(sources().values())
    for slug in WITHOUT_EXCEPTION:
        assert f"[{slug}]" in everything


def test_every_entry_says_something() -> None:
    for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        slug, _, text = part.partition("\n")
        assert len(text.split()) >= 15, slug


def test_the_walk_finds_slugs() -> None:
    """Meta-test."""
    assert slugs_in("raise errors.InputError('a-slug', came='', expected='', write='')") == {"a-slug"}
    assert len(used()) > 15


def test_three_beats() -> None:
    for kind in (DefibError, InputError, ModelError, MissingFrameworkError):
        error = kind("a-slug", came="X came", expected="Y", write="do Z")
        assert str(error) == "X came.\nExpected: Y.\nWrite: do Z\n[a-slug] docs/messages.md#a-slug"
        assert (error.slug, error.came, error.expected, error.write) == ("a-slug", "X came", "Y", "do Z")

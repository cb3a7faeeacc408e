"""The progress bar: shown on a terminal, silent elsewhere, and always taken away."""

from __future__ import annotations

import io

import pytest

from defib.reporters.progress import Bar
from defib.trials import Progress
from tests.reporters.test_terminal import Terminal


def drive(bar: Progress) -> None:
    bar.start(30.0)
    bar.update("relu-he", "tells vanishing gradients from a small step", 0.25)
    bar.update("halve-depth", "", 1.5)
    bar.finish()
    bar.finish()


def test_silent_without_a_terminal() -> None:
    out = io.StringIO()
    drive(Bar(out))
    assert out.getvalue() == ""


def test_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    drive(Bar(out))
    assert "halve-depth" in out.getvalue()


def test_updates_before_the_start_do_nothing() -> None:
    bar = Bar(io.StringIO())
    bar.update("a", "b", 0.5)
    bar.finish()

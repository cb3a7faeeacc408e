"""Help, version, and wrong usage."""

from __future__ import annotations

import pytest

from defib import __version__
from tests.conftest import Run

VERBS = ("run", "predictions", "explain", "report", "demo")


def test_version(defib: Run) -> None:
    assert defib("--version").stdout == f"defib {__version__}\n"


def test_help_names_every_verb(defib: Run) -> None:
    shown = defib("--help")
    assert shown.returncode == 0
    for verb in VERBS:
        assert f"  {verb}" in shown.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each(verb: str, defib: Run) -> None:
    shown = defib(verb, "--help")
    assert shown.returncode == 0
    assert f"defib {verb}" in shown.stdout


def test_options_of_run(defib: Run) -> None:
    shown = defib("run", "--help").stdout
    for option in ("--report", "--budget", "--no-trials", "--seed", "--fail-on", "--quiet"):
        assert option in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["run"],
        ["run", "--nothing", "x.py"],
        ["run", "--fail-on", "x", "x.py"],
        ["run", "--budget", "-1", "x.py"],
    ],
)
def test_wrong_usage_exits_with_two(arguments: list[str], defib: Run) -> None:
    ended = defib(*arguments)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr

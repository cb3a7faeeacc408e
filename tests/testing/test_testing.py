"""The assertion, the monitor and the pytest plugin; the plugin in a pytest of its own, as users run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from torch import nn

from defib.errors import InputError
from defib.testing import FlatModelError, Monitor, assert_not_flat, watching
from tests.conftest import Run

HELPERS = """
    import pytest
    import torch
    from torch import nn

    torch.manual_seed(0)
    X = torch.rand(120, 4)
    y = (X[:, :1] + X[:, 1:2] > 1.0).float()

    def train(head):
        model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), head)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        for _ in range(60):
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy(model(X), y).backward()
            optimizer.step()
        return model

    flat = lambda: train(nn.Softmax(dim=1))
    good = lambda: train(nn.Sigmoid())
    """
X = torch.rand(120, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, :1] + X[:, 1:2] > 1.0).float()


def train(head: nn.Module) -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1), head)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy(model(X), Y).backward()
        optimizer.step()
    return model


def test_a_flat_model_is_refused_with_its_diagnosis() -> None:
    with pytest.raises(FlatModelError, match="single-unit-softmax") as caught:
        assert_not_flat(train(nn.Softmax(dim=1)), X, Y)
    (diagnosis,) = caught.value.diagnoses
    assert diagnosis.symptom.is_flat
    assert str(diagnosis) in str(caught.value)
    assert isinstance(caught.value, AssertionError)


def test_a_good_model_passes_and_is_not_changed() -> None:
    model = train(nn.Sigmoid())
    before = [parameter.clone() for parameter in model.parameters()]
    diagnosis = assert_not_flat(model, X, Y, fail_on=["flat", "nan", "one-class"])
    assert diagnosis.symptom.pattern == "varied"
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize(
    "ask", [lambda kinds: assert_not_flat(None, X, Y, fail_on=kinds), lambda kinds: Monitor(fail_on=kinds)]
)
@pytest.mark.parametrize("kinds", [["flat", "flats"], "flat"])
def test_a_kind_that_does_not_exist(ask: Callable[[object], object], kinds: object) -> None:
    with pytest.raises(InputError) as caught:
        ask(kinds)
    assert caught.value.slug == "unknown-finding"


def test_the_monitor_sees_what_is_trained_and_nothing_later() -> None:
    step = torch.optim.Adam.step
    with watching() as monitor:
        train(nn.Sigmoid())
        train(nn.Softmax(dim=1))
    train(nn.Softmax(dim=1))
    assert torch.optim.Adam.step is step
    assert [one.symptom.is_flat for one in monitor.diagnoses()] == [False, True]
    assert monitor.diagnoses() is monitor.diagnoses()
    with pytest.raises(FlatModelError) as caught:
        monitor.assert_not_flat()
    assert len(caught.value.diagnoses) == 1
    assert monitor.notes == ()


def test_a_monitor_that_saw_nothing_is_a_failure() -> None:
    with watching() as monitor:
        pass
    with pytest.raises(AssertionError, match="no network was seen to be trained"):
        monitor.assert_not_flat()


def run_pytest(folder: Path, tests: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A pytest of its own, with this plugin alone."""
    (folder / "test_theirs.py").write_text(dedent(HELPERS) + dedent(tests))
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "100"}
    command = [sys.executable, "-m", "pytest", "-p", "defib.testing.plugin", "--strict-markers", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_plugin(tmp_path: Path) -> None:
    ended = run_pytest(
        tmp_path,
        """
        from defib.testing import assert_not_flat

        def test_good(defib_monitor):
            good()

        def test_flat(defib_monitor):
            flat()

        def test_allowed(defib_monitor):
            flat()
            (diagnosis,) = defib_monitor.diagnoses()
            assert diagnosis.causes[0].name == "single-unit-softmax"

        def test_fails_by_itself(defib_monitor):
            flat()
            assert 1 == 2

        def test_nothing_trained(defib_monitor):
            pass

        @pytest.mark.defib(fail_on=["nan"])
        def test_marked(defib_monitor):
            flat()

        def test_without(): flat()

        def test_asserted(): assert_not_flat(flat(), X, y)
        """,
        "-rA",
    )
    found = {name: outcome for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) \S+::(\w+)", ended.stdout, re.M)}
    assert found == {
        "test_good": "PASSED",
        "test_flat": "FAILED",
        "test_allowed": "PASSED",
        "test_fails_by_itself": "FAILED",
        "test_nothing_trained": "FAILED",
        "test_marked": "PASSED",
        "test_without": "PASSED",
        "test_asserted": "FAILED",
    }, ended.stdout
    reports, _ = ended.stdout.split("short test summary info")  # where CI is set, pytest repeats every message there
    assert reports.count("single-unit-softmax (DF301), in layer 2") == 2
    assert "assert 1 == 2" in ended.stdout
    assert "no network was seen" in ended.stdout
    assert "src/defib/" not in ended.stdout  # our frames are hidden


def test_pytest_finds_the_plugin_by_itself() -> None:
    assert ("defib", "defib.testing.plugin") in {(one.name, one.value) for one in entry_points(group="pytest11")}


def test_importing_it_is_light(python: Run) -> None:
    code = "import sys, defib.testing.plugin; print({'torch', 'keras', 'numpy', 'sklearn'} & set(sys.modules))"
    assert python("-c", code).stdout == "set()\n"

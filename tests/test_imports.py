"""``import defib`` and the command line load nothing heavy; proven in a fresh process."""

from __future__ import annotations

import json

import pytest

import defib
from tests.conftest import Run

HEAVY = ("torch", "keras", "tensorflow", "tf_keras", "jax", "sklearn", "scipy", "pandas", "numpy")
REPORT = "import sys, json; print(json.dumps([name for name in {heavy!r} if name in sys.modules]))"


def loaded_after(python: Run, code: str) -> list[str]:
    """Heavy packages in ``sys.modules`` after some code."""
    ended = python("-c", f"{code}\n{REPORT.format(heavy=HEAVY)}")
    assert ended.returncode == 0, ended.stderr
    names: list[str] = json.loads(ended.stdout.splitlines()[-1])
    return names


@pytest.mark.parametrize(
    "code",
    [
        "import defib",
        "import defib; dir(defib); defib.__version__",
        "import defib.cli",
        "from defib.errors import InputError",
        "from defib.capture.script import watch, run_script",
        "import defib; defib.DefibError, defib.Diagnosis, defib.Symptom",
    ],
)
def test_nothing_heavy(code: str, python: Run) -> None:
    assert loaded_after(python, code) == []


def test_the_test_would_notice(python: Run) -> None:
    """Meta-test: a package that is imported is seen."""
    assert loaded_after(python, "import defib\nimport scipy") == ["scipy", "numpy"]


@pytest.mark.parametrize("code", ["import defib.diagnose", "import defib; defib.diagnose", "import defib.read_symptom"])
def test_the_pipeline_loads_no_framework_and_no_learner(code: str, python: Run) -> None:
    assert set(loaded_after(python, code)) <= {"numpy"}


def test_every_catalogue_entry_loads_no_framework(python: Run) -> None:
    code = "from defib.catalogue import all_causes; from defib.probes import PROBES; all_causes()"
    assert set(loaded_after(python, code)) <= {"numpy"}


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_one_framework_watched_loads_no_other(framework: str, python: Run) -> None:
    """What watches it is imported when it is; nothing else may come with it, and nothing is said."""
    code = f"""
import contextlib, io
from defib.capture.script import watch
with contextlib.redirect_stderr(io.StringIO()) as said, watch():
    import {framework}
assert not said.getvalue(), said.getvalue()
"""
    assert not set(loaded_after(python, code)) & (
        {"torch", "keras", "tensorflow", "tf_keras", "jax", "sklearn"} - {framework}
    )


def test_public_names_are_there() -> None:
    for name in defib.__all__:
        assert getattr(defib, name) is not None
    assert set(defib.__all__) <= set(dir(defib))


def test_functions_stay_functions_whoever_imports_their_modules(python: Run) -> None:
    code = """
import defib.read_symptom, defib.diagnose
from defib.diagnose import diagnose_subject
import defib
print(defib.diagnose.__name__, type(defib.diagnose).__name__, defib.read_symptom.__name__)
"""
    assert python("-c", code).stdout == "diagnose function read_symptom\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = defib.nothing

"""The scenarios themselves: complete, well formed, and true with the bare framework (no part of defib is involved)."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.scenarios import ALL, CAUSES, load
from tests.scenarios.bare import run_program, skill

FOLDER = Path(__file__).parent
HELPERS = {"__init__", "_data", "bare", "test_scenarios"}
VARIED_WITHOUT_SKILL = {"misaligned_labels", "no_learnable_signal", "signal_masked"}
"""Their broken programs' predictions vary; what is missing is skill."""
FINE_NETWORKS = {"identical_rows"}
"""No labels beside the predictions."""


def test_registry_lists_every_file() -> None:
    assert sorted(ALL) == sorted({path.stem for path in FOLDER.glob("*.py")} - HELPERS)


@pytest.mark.parametrize("name", ALL)
def test_module_states_its_contract(name: str) -> None:
    module = load(name)
    assert re.fullmatch(r"DF\d{3}", module.CAUSE)
    assert module.CAUSE in module.ACCEPTABLE
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fix) for fix in module.FIX)
    frameworks = [f for f in ("keras", "torch", "sklearn") if hasattr(module, f"broken_{f}")]
    assert frameworks
    assert all(hasattr(module, f"healthy_{f}") for f in frameworks)
    assert name not in CAUSES or frameworks[:2] == ["keras", "torch"]


PROGRAMS = [(name, f) for name in ALL for f in ("torch", "sklearn") if hasattr(load(name), f"broken_{f}")]


@pytest.mark.parametrize(("name", "framework"), PROGRAMS)
def test_broken_program_shows_its_symptom(name: str, framework: str) -> None:
    out = _run(name, "broken", framework)
    pred = np.asarray(out["pred"], dtype=np.float64)
    if name in VARIED_WITHOUT_SKILL:
        assert skill(pred, out["y_new"]) < 0.1
        return
    pred = pred.reshape(len(pred), -1)
    scale = max(1.0, float(np.nanstd(out["y_new"]))) if np.asarray(out["y_new"]).dtype.kind == "f" else 1.0
    flat = bool(np.isnan(pred).any() or pred.std(0).max() < 0.06 * scale)
    assert flat or _largest_class(pred) > 0.95


@pytest.mark.parametrize(("name", "framework"), PROGRAMS)
def test_healthy_program_learns(name: str, framework: str) -> None:
    out = _run(name, "healthy", framework)
    pred = np.asarray(out["pred"], dtype=np.float64)
    if name in FINE_NETWORKS:
        assert len(np.unique(pred, axis=0)) == len(pred)
        return
    y = np.asarray(out["y_new"])
    assert skill(pred, y) > (0.2 if y.dtype.kind == "f" else 0.7)


def _run(name: str, kind: str, framework: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch warns where it broadcasts, scikit-learn at max_iter
        return run_program(load(name), kind, framework, seed=0)


def _largest_class(pred: NDArray[Any]) -> float:
    labels = pred.argmax(1) if pred.shape[1] > 1 else pred[:, 0] > 0.5
    return float(np.unique(labels, return_counts=True)[1].max() / len(pred))

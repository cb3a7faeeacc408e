"""The corpus of ``benchmarks/cases`` keeps its own rules: what stands in a truth, and which half a program is in."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from defib.interventions.table import INTERVENTIONS

CASES = sorted(Path(__file__).parents[1].glob("benchmarks/cases/*/truth.json"))
TRUTHS: list[dict[str, Any]] = [json.loads(path.read_text()) for path in CASES]
PAIRS = list(zip(CASES, TRUTHS, strict=True))
IDS = [path.parent.name for path in CASES]


def test_there_is_a_corpus() -> None:
    kinds = Counter(truth["kind"] for truth in TRUTHS)
    assert len(TRUTHS) >= 120
    assert kinds["healthy"] >= 40
    assert kinds["two_faults"] >= 20


@pytest.mark.parametrize(("path", "truth"), PAIRS, ids=IDS)
def test_the_split_follows_the_hash_unless_the_program_was_seen(path: Path, truth: dict[str, Any]) -> None:
    # written apart, split chosen by its author, never run before
    if truth["split"] in ("fresh", "unseen", "blind", "sealed", "vault"):
        assert not truth.get("seen", False)
        return
    hashed = int(hashlib.sha256(path.parent.name.encode()).hexdigest(), 16) % 100 < 40
    seen = truth.get("seen", False)
    assert truth["split"] == ("held_out" if hashed and not seen else "dev")


@pytest.mark.parametrize(("path", "truth"), PAIRS, ids=IDS)
def test_a_truth_is_complete(path: Path, truth: dict[str, Any]) -> None:
    kind, check = truth["kind"], truth["check"]
    assert truth["id"] == path.parent.name
    assert truth["framework"] in ("keras", "torch", "sklearn", "flax")
    assert kind in ("broken", "healthy", "no_signal", "two_faults")
    assert all(re.fullmatch(r"DF[1-9]\d\d", code) for code in [*truth["causes"], *truth["second"]])
    assert set(truth["fixes"]) <= set(INTERVENTIONS)
    assert bool(truth["causes"]) == bool(truth["fixes"]) == (kind != "healthy")
    assert bool(truth["second"]) == ("repair_second" in check) == (kind == "two_faults")
    assert ("repair" in check) == (kind in ("broken", "two_faults"))
    if truth["split"] == "vault":
        assert isinstance(truth.get("outside"), bool) == bool(truth["fixes"])


@pytest.mark.parametrize(("path", "truth"), PAIRS, ids=IDS)
def test_a_program_stands_alone(path: Path, truth: dict[str, Any]) -> None:
    source = path.with_name("program.py").read_text()
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    assert not any(name.split(".")[0] == "defib" for name in names)
    imported = {name.split(".")[0] for name in names}
    assert truth["framework"] in (imported | {"keras"} if "tensorflow" in imported else imported)
    assert "sys.argv" in source or "argparse" in source
    for edit in [*truth["check"].get("repair", ()), *truth["check"].get("repair_second", ())]:
        assert edit[0] in source

"""Check every case against its own truth with the bare framework: the symptom is there, the stated repair removes it.

``python benchmarks/check_cases.py [SLUG ...] [--framework sklearn] [--seeds 0 1 2]`` runs each program as it is and
once more per repair (text edits in ``check.repair``), reads the outputs and labels named in ``check`` out of the
program's own variables, and prints one line per run. Exit 1 when a case does not show what its truth says.

defib is not imported: this is the ground truth that defib is measured against.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

CASES = Path(__file__).parent / "cases"
SKILL_PRESENT = 0.3
"""Skill from which a repaired or healthy program counts as working; 0 is the best constant, 1 is perfect."""
SKILL_ABSENT = 0.25
"""Skill up to which outputs count as useless; chance on 50 to 500 rows stays below it."""
FLAT = 1e-3
"""Standard deviation (in units of the targets' for regression) below which outputs count as constant."""
NARROW = 0.05
"""Standard deviation below which one hard label for all rows counts as useless: an untrained network leaves this, and
ranks by luck now and then."""


def captured(source: str, seed: int) -> dict[str, Any]:
    """Run a program as ``__main__``; its globals, overlaid with the last locals of each of its functions."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            keep = ast.parse("__capture__(dict(locals()))").body
            node.body = [ast.Try(body=node.body, handlers=[], orelse=[], finalbody=keep)]
    seen: dict[str, Any] = {}
    space: dict[str, Any] = {"__name__": "__main__", "__capture__": seen.update, "__file__": "program.py"}
    sys.argv = ["program.py", str(seed)]
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(ast.fix_missing_locations(tree), "program.py", "exec"), space)
    return {**seen, **space}


def array(value: Any) -> np.ndarray:
    """A NumPy array from a tensor, list of tensors or array."""
    value = value.detach().cpu().numpy() if hasattr(value, "detach") else value
    return np.squeeze(np.asarray(value, dtype=float))


def auc(score: np.ndarray, label: np.ndarray) -> float:
    """Area under the ROC curve by ranks with ties at one half; NaN-free input, range [0, 1]."""
    positive, negative = score[label > 0], score[label <= 0]
    if not len(positive) or not len(negative):
        return 0.5
    wins = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    return float(wins)


def skill(outputs: np.ndarray, labels: np.ndarray, task: str) -> float:
    """0 = no better than the best constant, 1 = perfect: R², 2 AUC - 1, or accuracy above the majority's share."""
    if not np.isfinite(outputs).all():
        return 0.0
    if task == "regression":
        return float(1 - np.mean((outputs - labels) ** 2) / np.var(labels))
    if labels.ndim == 2 and set(np.unique(labels)) <= {0, 1} and not (labels.sum(1) == 1).all():
        return float(np.mean([2 * auc(outputs[:, k], labels[:, k]) - 1 for k in range(labels.shape[1])]))
    labels = labels.argmax(1) if labels.ndim == 2 else labels
    if outputs.ndim == 1:
        return 2 * auc(outputs, labels) - 1
    if outputs.shape[1] == 2:
        return 2 * auc(outputs[:, 1] - outputs[:, 0], labels) - 1
    major = np.bincount(labels.astype(int)).max() / len(labels)
    return float(((outputs.argmax(1) == labels).mean() - major) / (1 - major))


def spread(outputs: np.ndarray, labels: np.ndarray, task: str) -> float:
    """Largest standard deviation over the columns, in units of the labels' for regression."""
    unit = np.std(labels) if task == "regression" else 1.0
    return float(np.max(np.std(outputs, axis=0)) / unit)


def reading(source: str, seed: int, truth: dict[str, Any]) -> dict[str, float]:
    """Skill, spread and share of the commonest hard label of one run."""
    started = time.perf_counter()
    space = captured(source, seed)
    took = time.perf_counter() - started
    outputs = array(eval(truth["check"]["outputs"], space))
    labels = array(eval(truth["check"]["labels"], space))
    task = truth["check"].get("measure", truth["task"])
    hard = outputs.argmax(1) if outputs.ndim == 2 else outputs > 0.5
    hard = array(eval(truth["check"]["hard"], space)) if "hard" in truth["check"] else hard
    mode = np.unique(hard, return_counts=True)[1].max() / len(hard)
    return {
        "skill": skill(outputs, labels, task), "spread": spread(outputs, labels, task), "mode": mode, "seconds": took
    }  # fmt: skip


def edited(source: str, edits: list[list[str]]) -> str:
    """The program with each text replaced once; a text that is not there is an error."""
    for old, new in edits:
        if old not in source:
            raise ValueError(f"repair text not found: {old!r}")
        source = source.replace(old, new)
    return source


def faulty(r: dict[str, float], symptom: str) -> bool:
    """Whether a reading shows the symptom."""
    if symptom == "one_class":
        return r["mode"] > 0.98 and r["skill"] > SKILL_ABSENT
    if symptom == "flat":
        return not r["spread"] >= FLAT
    untrained = r["spread"] < NARROW and r["mode"] > 0.95
    return not r["spread"] >= FLAT or r["skill"] <= SKILL_ABSENT or untrained


def restored(r: dict[str, float], check: dict[str, Any]) -> bool:
    """Whether a reading is that of a working program."""
    if check.get("symptom") == "one_class":
        return r["mode"] < 0.98 and r["skill"] > SKILL_ABSENT
    return r["skill"] >= SKILL_PRESENT


def variants(truth: dict[str, Any]) -> list[tuple[str, list[list[str]], bool]]:
    """(name, edits, whether the symptom must be there) for each run that this truth asks for."""
    check, kind = truth["check"], truth["kind"]
    runs: list[tuple[str, list[list[str]], bool]] = [("as it is", [], kind != "healthy")]
    if kind == "no_signal":
        return runs
    if kind == "two_faults":
        first, second = check["repair"], check["repair_second"]
        return [*runs, ("first only", first, True), ("second only", second, True), ("both", first + second, False)]
    return runs + ([("repaired", check["repair"], False)] if "repair" in check else [])


def judge(path: Path, seeds: list[int]) -> bool:
    """Run every variant of one case at every seed; print a line each; whether all is as the truth says."""
    truth = json.loads((path / "truth.json").read_text())
    source = (path / "program.py").read_text()
    good = True
    for name, edits, broken in variants(truth):
        symptom = truth["check"].get("symptom", "useless")
        cells = []
        for seed in seeds:
            r = reading(edited(source, edits), seed, truth)
            right = faulty(r, symptom) if broken else restored(r, truth["check"])
            good &= right
            cells.append(f"{r['skill']:+.2f} sd {r['spread']:.1e} {r['seconds']:.1f}s{'' if right else ' <<<'}")
        print(f"{path.name:28s} {name:11s} " + " | ".join(cells), flush=True)
    return good


def main() -> int:
    """Check the chosen cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("slugs", nargs="*")
    parser.add_argument("--framework", choices=("keras", "torch", "sklearn", "flax"))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    args = parser.parse_args()
    wrong = []
    for path in sorted(CASES.glob("*/truth.json")):
        truth = json.loads(path.read_text())
        chosen = not args.slugs or truth["id"] in args.slugs
        if chosen and args.framework in (None, truth["framework"]):
            try:
                good = judge(path.parent, args.seeds)
            except Exception as error:  # a case that cannot run is a wrong case; the others still count
                print(f"{path.parent.name}: {type(error).__name__}: {error}")
                good = False
            wrong += [] if good else [truth["id"]]
    print("not as stated:", ", ".join(wrong) or "none")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

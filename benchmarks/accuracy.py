"""Diagnose the corpus: ``python -m benchmarks.accuracy [--split dev] [--only SLUG ...] [--seeds 0] [--strategy ...]``.

Every program of ``benchmarks/cases`` runs unmodified as ``python -m defib run --report OUT.json program.py SEED`` in an
empty folder, and the report is held against the case's ``truth.json``. Prints a Markdown table and writes every row as
JSON. Nothing of defib is imported here: what is judged is what a user gets. ``--strategy`` also runs what defib is
held against: ``rules-only`` (no trials), ``trials-only`` and ``random-search`` (`benchmarks.baselines`), and the two
usual answers, ``always-vanishing`` and ``always-unscaled``, for which nothing is run. ``--diff FILE`` says what changed
since that table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks._accepted import changes
from benchmarks._table import markdown

CASES = Path(__file__).parent / "cases"
ROOT = Path(__file__).parents[1]
SECONDS_PER_RUN = 300
STAGES = {
    "1": "data", "2": "labels", "3": "head", "4": "architecture", "5": "optimization", "6": "initialization",
    "7": "loop", "8": "serving", "9": "nothing wrong",
}  # fmt: skip
ALWAYS = {"always-vanishing": "DF403", "always-unscaled": "DF101"}
STRATEGIES = ("defib", "rules-only", "trials-only", "random-search", *ALWAYS)
VERDICTS = ("right", "wrong", "undecided", "missed", "false alarm", "no report")


@dataclass(frozen=True)
class Case:
    """One program and what is true of it."""

    id: str
    framework: str
    task: str
    kind: str
    causes: tuple[str, ...]
    second: tuple[str, ...]
    fixes: tuple[str, ...]
    split: str
    outside: bool = False
    """Whether the repair needs what the running program no longer holds, so that no trial can make it."""

    @property
    def stage(self) -> str:
        """Where the fault lies, by the first code of the truth; healthy programs are their own stage."""
        return STAGES[self.causes[0][2]] if self.causes else "healthy"

    @classmethod
    def read(cls, path: Path) -> Case:
        truth = json.loads(path.read_text())
        causes, second, fixes = (tuple(truth[name]) for name in ("causes", "second", "fixes"))
        return cls(
            truth["id"], truth["framework"], truth["task"], truth["kind"], causes, second, fixes, truth["split"],
            truth.get("outside", False),
        )  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One report, judged."""

    id: str
    framework: str
    stage: str
    kind: str
    seed: int
    verdict: str
    expected: tuple[str, ...] = ()
    top: str = ""
    causes: tuple[str, ...] = ()
    outcome: str = ""
    pattern: str = ""
    headline: str = ""
    because: str = ""
    fix: tuple[str, ...] = ()
    fix_verified: bool = False
    fix_expected: bool | None = None
    """Whether the proposed fix contains one that the truth names; ``None`` for programs that need no fix."""
    outside: bool = False
    """The truth's: no trial can make the repair (known of the programs whose author said it)."""
    in_top3: bool | None = None
    second_found: bool | None = None
    models: int = 0
    seconds: float = 0.0
    note: str = ""
    strategy: str = "defib"


def judged(case: Case, outcome: str, top: str) -> str:
    """Verdict on one diagnosis.

    A healthy program may be called healthy, or "nothing wrong" with its threshold or its class balance; to tell its
    author that there is nothing to learn, or to name a fault, is a false alarm.
    """
    if case.kind == "healthy":
        fine = outcome == "healthy" or (outcome == "nothing_wrong" and top in ("DF105", "DF902", "DF904"))
        return "right" if fine else "undecided" if outcome == "undecided" else "false alarm"
    if outcome == "undecided":
        return "undecided"
    if outcome == "healthy":
        return "missed"
    return "right" if top in case.causes else "wrong"


def chosen(case: Case, diagnoses: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The diagnosis that is judged when a program trained several models.

    For a healthy program the worst; else the last one, which is the one whose predictions the program prints.
    """
    if case.kind == "healthy":
        return max(diagnoses, key=lambda d: judged(case, d["outcome"], _top(d)) != "right")
    return diagnoses[-1]


def _top(diagnosis: dict[str, Any]) -> str:
    return str(diagnosis["causes"][0]["code"]) if diagnosis["causes"] else ""


def held_against(case: Case, seed: int, diagnoses: Sequence[dict[str, Any]], seconds: float) -> Result:
    """The row of one report."""
    d = chosen(case, diagnoses)
    codes = tuple(cause["code"] for cause in d["causes"])
    fix = tuple(d["fix"]["interventions"]) if d["fix"] else ()
    faulty = case.kind in ("broken", "two_faults")
    return Result(
        case.id, case.framework, case.stage, case.kind, seed,
        verdict=judged(case, d["outcome"], _top(d)),
        expected=case.causes, top=_top(d), causes=codes, outcome=d["outcome"], pattern=d["symptom"]["pattern"],
        headline=str(d.get("headline") or ""), because=str(d["causes"][0]["because"]) if codes else "",
        fix=fix, fix_verified=bool(d["fix"] and d["fix"]["verified"]),
        fix_expected=bool(set(fix) & set(case.fixes)) if faulty else None, outside=case.outside,
        in_top3=bool(set(codes[:3]) & set(case.causes)) if case.causes else None,
        second_found=bool(set(codes[1:]) & set(case.second)) if case.second else None,
        models=len(diagnoses), seconds=seconds, note="; ".join(d.get("notes", ()))[:500],
    )  # fmt: skip


def run_case(case: Case, seed: int, strategy: str, options: Sequence[str], reports: Path | None = None) -> Result:
    """Run one program under one strategy in an empty folder and judge the report; keep its text in ``reports``."""
    if strategy in ALWAYS:
        said = {
            "outcome": "cause_found",
            "symptom": {"pattern": ""},
            "causes": [{"code": ALWAYS[strategy], "because": ""}],
        }
        return replace(held_against(case, seed, [{**said, "fix": None}], 0.0), strategy=strategy)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(CASES / case.id / "program.py", folder)
        quiet = {
            "OMP_NUM_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONPATH": str(ROOT),
        }
        start = time.perf_counter()
        try:
            done = subprocess.run(
                [sys.executable, "-m", *command(strategy, options), "program.py", str(seed)],
                cwd=folder, env=os.environ | quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=SECONDS_PER_RUN,
            )  # fmt: skip
            trouble = done.stderr[-400:]
            if reports is not None:
                (reports / f"{case.id}-{seed}-{strategy}.txt").write_text(done.stdout)
        except subprocess.TimeoutExpired:
            trouble = f"not finished after {SECONDS_PER_RUN} s"
        seconds = round(time.perf_counter() - start, 1)
        out = Path(folder, "out.json")
        diagnoses = json.loads(out.read_text())["diagnoses"] if out.exists() else []
    if not diagnoses:
        none = Result(case.id, case.framework, case.stage, case.kind, seed, "no report", case.causes, note=trouble)
        faulty = case.kind in ("broken", "two_faults")
        return replace(none, strategy=strategy, fix_expected=False if faulty else None, outside=case.outside)
    return replace(held_against(case, seed, diagnoses, seconds), strategy=strategy)


def command(strategy: str, options: Sequence[str]) -> list[str]:
    """What runs the program, as after ``python -m``."""
    if strategy in ("defib", "rules-only"):
        without = ["--no-trials"] if strategy == "rules-only" else []
        return ["defib", "run", "--report", "out.json", *without, *options]
    return ["benchmarks.baselines", "--out", "out.json", *options, strategy]


def table(results: Iterable[Result]) -> str:
    """One line per run."""
    head = (
        "case",
        "seed",
        "strategy",
        "verdict",
        "said",
        "true",
        "outcome",
        "pattern",
        "fix",
        "verified",
        "models",
        "s",
    )
    rows = (
        (
            r.id, r.seed, r.strategy, r.verdict, " ".join(r.causes[:3]), " ".join(r.expected) or "healthy", r.outcome,
            r.pattern, " ".join(r.fix), "yes" if r.fix_verified else "", r.models, r.seconds,
        )
        for r in results
    )  # fmt: skip
    return markdown(head, rows)


def totals(results: Sequence[Result]) -> str:
    """One line per stage and framework, and one for all."""
    groups: dict[str, list[Result]] = {}
    for r in results:
        of = f"{r.strategy}: " if r.strategy != "defib" else ""
        keys = ("",) if of else (f"stage: {r.stage}", f"framework: {r.framework}", f"kind: {r.kind}", "all")
        for key in (of + (key or "all") for key in keys):
            groups.setdefault(key, []).append(r)
    head = ("group", "n", *VERDICTS, "in top 3", "second found", "fix verified", "of the triable", "s (median)")
    return markdown(
        head, (_total(key, rows) for key, rows in sorted(groups.items(), key=lambda g: (g[0].endswith("all"), g[0])))
    )


def _total(name: str, rows: Sequence[Result]) -> tuple[object, ...]:
    count = Counter(r.verdict for r in rows)
    fixable = [r for r in rows if r.fix_expected is not None]
    return (
        name, len(rows), *(count[v] for v in VERDICTS), _share(r.in_top3 for r in rows),
        _share(r.second_found for r in rows), _share(r.fix_verified and r.fix_expected for r in fixable),
        _share(r.fix_verified and r.fix_expected for r in fixable if not r.outside),
        sorted(r.seconds for r in rows)[len(rows) // 2],
    )  # fmt: skip


def _share(flags: Iterable[bool | None]) -> str:
    known = [flag for flag in flags if flag is not None]
    return f"{sum(known)}/{len(known)}" if known else ""


def cases(split: str | None, only: Sequence[str], framework: str | None) -> list[Case]:
    """The chosen cases in the order of their names."""
    every = [Case.read(path) for path in sorted(CASES.glob("*/truth.json"))]
    unknown = set(only) - {case.id for case in every}
    if unknown:
        raise SystemExit(f"no such case: {', '.join(sorted(unknown))}")
    kept = [case for case in every if case.id in only] if only else every
    kept = [case for case in kept if split in (None, case.split)]
    return [case for case in kept if framework in (None, case.framework)]


def main() -> int:
    """Run the corpus."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--split", choices=("dev", "held_out", "fresh", "unseen", "blind", "sealed", "vault"))
    parser.add_argument("--only", nargs="*", default=[], metavar="SLUG")
    parser.add_argument("--framework", choices=("keras", "torch", "sklearn", "flax"))
    parser.add_argument("--seeds", nargs="*", type=int, default=[0])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--budget", type=float, help="seconds of trials per model (default: defib's own)")
    parser.add_argument("--strategy", nargs="*", choices=STRATEGIES, default=["defib"])
    parser.add_argument("--diff", type=Path, metavar="FILE", help="an accepted table (JSON): say what changed since")
    parser.add_argument(
        "--reports", type=Path, metavar="DIR", help="keep what each program and defib printed, to be read"
    )
    parser.add_argument("--out", type=Path, default=Path("accuracy.json"))
    args = parser.parse_args()
    options = [] if args.budget is None else ["--budget", str(args.budget)]
    chosen_cases = cases(args.split, args.only, args.framework)
    jobs = [(case, seed, strategy) for strategy in args.strategy for case in chosen_cases for seed in args.seeds]
    results: list[Result] = []
    for folder in (args.out.parent, args.reports):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(args.jobs) as pool:
        for r in pool.map(lambda job: run_case(job[0], job[1], job[2], options, args.reports), jobs):
            results.append(r)
            args.out.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")  # an interrupted run counts
            said = " ".join(r.causes[:3]) or r.outcome
            print(f"{r.verdict:11s} {r.id:26s} {r.seed} said {said:18s} {r.seconds}s", file=sys.stderr, flush=True)
    print(table(results), "\n", totals(results), sep="\n")
    if args.diff is not None:
        print("\n" + changes(json.loads(args.diff.read_text()), [asdict(r) for r in results]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

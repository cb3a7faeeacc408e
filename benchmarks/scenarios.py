"""Diagnose the scenarios of ``tests/scenarios``: ``python -m benchmarks.scenarios [--frameworks torch] [--seeds 0]``.

Each program runs as a user's would, watched, in a worker process (one per framework and chunk of scenarios, so that the
framework is imported once per chunk); the worker dies alone. Writes a table as Markdown and every row as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks._table import markdown

CHUNK = 6
SECONDS_PER_DIAGNOSIS = 180


@dataclass(frozen=True)
class Job:
    scenario: str
    kind: str
    framework: str
    seed: int


@dataclass(frozen=True)
class Result:
    """One diagnosis, judged."""

    scenario: str
    kind: str
    framework: str
    seed: int
    expected: str
    verdict: str
    """right, acceptable, wrong, undecided, missed (called healthy), false alarm, not captured, or crashed."""
    outcome: str = ""
    top: str = ""
    causes: tuple[str, ...] = ()
    pattern: str = ""
    fix: tuple[str, ...] = ()
    fix_verified: bool = False
    fix_expected: bool | None = None
    """Whether the proposed fix is one that the scenario names; ``None`` when it names none or there is no fix."""
    program_seconds: float = 0.0
    diagnosis_seconds: float = 0.0
    note: str = ""


def judged(kind: str, cause: str, acceptable: Iterable[str], outcome: str, top: str) -> str:
    """Verdict on one diagnosis.

    A healthy twin must be called healthy; "nothing wrong" is acceptable there, a fault is a false alarm.
    """
    if outcome == "undecided":
        return "undecided"
    if kind == "healthy":
        return {"healthy": "right", "nothing_wrong": "acceptable"}.get(outcome, "false alarm")
    if outcome == "healthy":
        return "missed"
    if top == cause:
        return "right"
    return "acceptable" if top in acceptable else "wrong"


def expected(job: Job) -> str:
    """Code of the cause, or ``healthy``."""
    from tests.scenarios import load

    return str(load(job.scenario).CAUSE) if job.kind == "broken" else "healthy"


def run_job(job: Job, budget: float | None, trials: bool) -> Result:
    """Run the program watched and diagnose what it trained."""
    from tests.scenarios import load

    from defib.capture.script import watch
    from defib.diagnose import diagnose_subject

    module = load(job.scenario)
    start = time.perf_counter()
    with watch() as watched:
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
            getattr(module, f"{job.kind}_{job.framework}")(job.seed)
        ran = time.perf_counter() - start
        subjects = watched.subjects()
    if not subjects:
        return Result(**asdict(job), expected=expected(job), verdict="not captured", program_seconds=ran)
    start = time.perf_counter()
    diagnosis = diagnose_subject(subjects[-1], budget=budget, trials=trials)
    seconds = time.perf_counter() - start
    top = diagnosis.causes[0].code if diagnosis.causes else ""
    fix = diagnosis.fix.interventions if diagnosis.fix else ()
    return Result(
        **asdict(job),
        expected=expected(job),
        verdict=judged(job.kind, module.CAUSE, module.ACCEPTABLE, diagnosis.outcome, top),
        outcome=diagnosis.outcome,
        top=top,
        causes=tuple(cause.code for cause in diagnosis.causes),
        pattern=diagnosis.symptom.pattern,
        fix=tuple(fix),
        fix_verified=bool(diagnosis.fix and diagnosis.fix.verified),
        fix_expected=bool(module.FIX & set(fix)) if fix and module.FIX and job.kind == "broken" else None,
        program_seconds=round(ran, 2),
        diagnosis_seconds=round(seconds, 2),
        note="; ".join(diagnosis.notes)[:500],
    )


def worker() -> None:
    """Read jobs from standard input, append one JSON line per result to the file named in the order."""
    order = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    for fields in order["jobs"]:
        job = Job(**fields)
        try:
            result = run_job(job, order["budget"], order["trials"])
        except Exception as error:
            traceback.print_exc()
            text = f"{type(error).__name__}: {error}"
            result = Result(**fields, expected=expected(job), verdict="crashed", note=text[:500])
        with open(order["out"], "a") as out:
            out.write(json.dumps(asdict(result)) + "\n")


def run_chunk(jobs: list[Job], budget: float | None, trials: bool, log: Path) -> list[Result]:
    """Run jobs in one worker; whatever it did not finish is reported as crashed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.jsonl"
        order = {"jobs": [asdict(job) for job in jobs], "budget": budget, "trials": trials, "out": str(out)}
        command = [sys.executable, "-m", "benchmarks.scenarios", "--worker"]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        limit = SECONDS_PER_DIAGNOSIS * len(jobs)
        with log.open("a") as errors:
            try:
                subprocess.run(
                    command,
                    input=json.dumps(order),
                    text=True,
                    stderr=errors,
                    timeout=limit,
                    env=environment,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                errors.write(f"timed out after {limit} s: {jobs}\n")
        lines = out.read_text().splitlines() if out.exists() else []
    done = [Result(**json.loads(line)) for line in lines]
    lost = jobs[len(done) :]
    return done + [
        Result(**asdict(job), expected=expected(job), verdict="crashed", note="the worker died") for job in lost
    ]


def all_jobs(frameworks: list[str], seeds: list[int], only: list[str], kinds: list[str]) -> Iterator[Job]:
    from tests.scenarios import ALL, load

    for framework in frameworks:
        for name in only or ALL:
            for kind in kinds:
                if hasattr(load(name), f"{kind}_{framework}"):
                    yield from (Job(name, kind, framework, seed) for seed in seeds)


def chunks(jobs: list[Job]) -> list[list[Job]]:
    """Split so that a chunk holds one framework."""
    found: list[list[Job]] = []
    for job in jobs:
        if not found or len(found[-1]) >= CHUNK or found[-1][0].framework != job.framework:
            found.append([])
        found[-1].append(job)
    return found


SHORT = {"right": "right", "acceptable": "right*", "wrong": "WRONG", "undecided": "undecided", "missed": "MISSED",
         "false alarm": "FALSE ALARM", "not captured": "not captured", "crashed": "CRASHED"}  # fmt: skip


def cell(result: Result) -> str:
    return f"{SHORT[result.verdict]} {result.top}".strip()


def table(results: list[Result]) -> str:
    """One row per scenario, kind and framework; one column per seed."""
    groups: dict[tuple[str, str, str, str], dict[int, Result]] = {}
    for r in results:
        groups.setdefault((r.scenario, r.kind, r.framework, r.expected), {})[r.seed] = r
    seeds = sorted({r.seed for r in results})
    rows: list[tuple[Any, ...]] = []
    for (scenario, kind, framework, expected), by_seed in groups.items():
        cells = [cell(by_seed[s]) if s in by_seed else "" for s in seeds]
        first = next(iter(by_seed.values()))
        seconds = sum(r.diagnosis_seconds for r in by_seed.values()) / len(by_seed)
        fix = ", ".join(first.fix) + (" (verified)" if first.fix_verified else "")
        rows.append((scenario, kind, framework, expected, *cells, first.pattern, fix, f"{seconds:.1f}"))
    head = ("scenario", "program", "framework", "expected", *(f"seed {s}" for s in seeds), "pattern", "fix", "seconds")
    return markdown(head, rows)


def summary(results: list[Result]) -> str:
    """Counts per framework and program."""
    verdicts = list(SHORT)
    groups: dict[tuple[str, str], Counter[str]] = {}
    for r in results:
        groups.setdefault((r.framework, r.kind), Counter())[r.verdict] += 1
    rows = [(*key, sum(count.values()), *(count[v] for v in verdicts)) for key, count in sorted(groups.items())]
    return markdown(("framework", "program", "n", *verdicts), rows)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frameworks", nargs="+", default=["torch", "keras"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--kinds", nargs="+", default=["broken", "healthy"])
    parser.add_argument("--budget", type=float, default=None)
    parser.add_argument("--no-trials", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    return parser.parse_args()


def main() -> None:
    if sys.argv[1:] == ["--worker"]:
        return worker()
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    log = options.out / "scenarios.log"
    log.write_text("")
    jobs = list(all_jobs(options.frameworks, options.seeds, options.only, options.kinds))
    results: list[Result] = []
    with ThreadPoolExecutor(options.processes) as pool:
        work = ((chunk, options.budget, not options.no_trials, log) for chunk in chunks(jobs))
        for done in pool.map(lambda arguments: run_chunk(*arguments), work):
            results += done
            for r in done:
                note = r.note if r.verdict == "crashed" else ""
                print(r.scenario, r.kind, r.framework, r.seed, cell(r), note, file=sys.stderr, flush=True)
    text = f"{summary(results)}\n\n`right*`: another right answer that the scenario names.\n\n{table(results)}\n"
    (options.out / "scenarios.md").write_text(text)
    (options.out / "scenarios.json").write_text(json.dumps([asdict(r) for r in results], indent=1))
    print(text)


if __name__ == "__main__":
    main()

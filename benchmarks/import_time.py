"""Seconds to import defib, without the interpreter's own start: ``python -m benchmarks.import_time``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from benchmarks._table import markdown

REPEATS = 7
STATEMENTS = ("import numpy", "import defib", "from defib import diagnose, Diagnosis", "import defib.cli")
FRAMEWORKS = ("torch", "tensorflow", "keras", "sklearn", "jax")
PROGRAM = """
import json, sys, time
start = time.perf_counter()
{statement}
seconds = time.perf_counter() - start
print(json.dumps([seconds, [name for name in {frameworks!r} if name in sys.modules]]))
"""


def measure(statement: str) -> tuple[float, list[str]]:
    """Median seconds, and which heavy packages came along."""
    source = PROGRAM.format(statement=statement, frameworks=FRAMEWORKS)
    runs = []
    for _ in range(REPEATS):
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    return statistics.median(seconds for seconds, _ in runs), runs[0][1]


def main() -> None:
    rows = [
        (f"`{s}`", f"{seconds:.3f}", ", ".join(heavy) or "none") for s in STATEMENTS for seconds, heavy in [measure(s)]
    ]
    print(markdown(("statement", f"seconds (median of {REPEATS})", "heavy packages loaded"), rows))


if __name__ == "__main__":
    main()

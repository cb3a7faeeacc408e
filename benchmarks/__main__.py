"""Run every benchmark, one process after the other: ``python -m benchmarks [--quick]``.

Each program prints its own table. ``--quick`` runs the scenarios with one seed and without trials.
"""

from __future__ import annotations

import subprocess
import sys

FRAMEWORKS = ("torch", "keras")


def programs(quick: bool) -> list[list[str]]:
    scenarios = ["scenarios", "--seeds", "0", "--no-trials"] if quick else ["scenarios"]
    return [
        ["import_time"],
        *(["overhead", framework] for framework in FRAMEWORKS),
        *(["time_to_diagnosis", framework] for framework in FRAMEWORKS),
        ["report_scale"],
        scenarios,
    ]


def main() -> int:
    failed = []
    for name, *arguments in programs("--quick" in sys.argv[1:]):
        print(f"\n== {' '.join([name, *arguments])}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode:
            failed.append(name)
    if failed:
        print("failed:", ", ".join(failed), file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())

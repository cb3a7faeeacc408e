"""Diagnose programs that train on a GPU: ``python -m benchmarks.cuda_check [NAME ...]``; see ``benchmarks/cuda``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks._table import markdown

PROGRAMS = Path(__file__).parent / "cuda"
ROOT = Path(__file__).parents[1]
TAIL = """
import hashlib as _h, numpy as _n, sys as _s
_s.stderr.write("DIGEST " + _h.sha256(_n.ascontiguousarray(p).tobytes()).hexdigest() + " " + str(device) + chr(10))
"""
SECONDS = 200


def run(name: str, folder: Path, *before: str) -> tuple[str, str, float]:
    """Digest of the predictions, device, and seconds of one run."""
    source = (PROGRAMS / f"{name}.py").read_text() + TAIL
    (folder / f"{name}.py").write_text(source)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{os.environ.get('PYTHONPATH', '')}"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *before, f"{name}.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    seconds = time.perf_counter() - start
    told = [line.split() for line in done.stderr.splitlines() if line.startswith("DIGEST")]
    if not told:
        print(name, done.stderr[-1500:], file=sys.stderr)
        return "", "", seconds
    return told[0][1], told[0][2], seconds


def checked(name: str) -> list[object]:
    """One row of the table."""
    right = (PROGRAMS / f"{name}.py").read_text().splitlines()[0].removeprefix("# right:").split()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plain, device, bare = run(name, folder)
        watched, _, seconds = run(name, folder, "-m", "defib", "run", "--report", "out.json", "--budget", "20")
        found = json.loads((folder / "out.json").read_text())["diagnoses"] if (folder / "out.json").exists() else []
    last = found[-1] if found else {"outcome": "no report", "causes": [], "fix": None}
    top = last["causes"][0]["code"] if last["causes"] else last["outcome"]
    good = top in right if right else last["outcome"] == "healthy"
    fix = (
        " + ".join(last["fix"]["interventions"]) + (" (verified)" if last["fix"]["verified"] else "")
        if last["fix"]
        else ""
    )
    same = "yes" if plain and plain == watched else "NO"
    return [
        name,
        device,
        "right" if good else "WRONG",
        top,
        " ".join(right) or "healthy",
        fix,
        same,
        f"{bare:.1f}",
        f"{seconds:.1f}",
    ]


def main() -> None:
    names = sys.argv[1:] or sorted(path.stem for path in PROGRAMS.glob("*.py"))
    head = ["program", "device", "", "said", "true", "fix", "bit-identical", "plain s", "defib run s"]
    rows = []
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 4)) as pool:
        for row in pool.map(checked, names):
            rows.append(row)
            print(*row, sep=" | ", file=sys.stderr, flush=True)
    print(markdown(head, rows))


if __name__ == "__main__":
    main()

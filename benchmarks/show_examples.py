"""Run every example as ``defib run`` from another directory and put what it prints into the docs.

``make docs``, or ``python -m benchmarks.show_examples [NAME ...]``, fills the blocks of README.md and docs/examples.md
(see `scripts.printed`, which fills them again from the Recordings after a change of words), and prints a table of the
causes, the fix and the seconds each.
The Recordings go to tests/recordings/, where every report format is made from every one of them, and the picture of
README.md is drawn from one.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scripts.printed import PAGES, RECORDINGS, ROOT, WIDTH, block

from benchmarks._table import markdown

PICTURE, PICTURED = ROOT / "docs" / "images" / "report.png", "04a_deep_sigmoid_sgd"


def shown(name: str) -> tuple[str, dict[str, Any], float]:
    """The terminal report, the JSON report's first diagnosis, and the seconds that ``defib run`` took."""
    script = ROOT / "examples" / f"{name}.py"
    environment = {**os.environ, "COLUMNS": str(WIDTH), "TF_CPP_MIN_LOG_LEVEL": "3", "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory() as elsewhere:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "defib", "run", "--report", "report.json", str(script)],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - start
        (recording,) = (Path(elsewhere) / ".defib").glob("*.jsonl")
        keep(recording, name, elsewhere)
        report = json.loads((Path(elsewhere) / "report.json").read_text())
    text = done.stdout[re.search(r"^.* \((keras|torch)\) ─+$", done.stdout, re.M).start() :]  # type: ignore[union-attr]
    text = text.split("\nRecorded in")[0].rstrip()
    return text.replace(f"{script}", f"examples/{name}.py"), report["diagnoses"][0], seconds


def keep(recording: Path, name: str, elsewhere: str) -> None:
    """The Recording for the tests, without the paths of this machine."""
    text = recording.read_text().replace(f"{ROOT}/", "").replace(elsewhere, "/tmp/elsewhere")
    RECORDINGS.mkdir(exist_ok=True)
    (RECORDINGS / f"{name}.jsonl.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def draw() -> None:
    """The picture of README.md, small enough for a page."""
    from PIL import Image

    from defib.recording import load
    from defib.reporters import write_report
    from defib.reporters.background import background_of

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.jsonl"
        path.write_bytes(gzip.decompress((RECORDINGS / f"{PICTURED}.jsonl.gz").read_bytes()))
        recording = load(path)
        write_report(recording.diagnoses, path.with_suffix(".png"), background_of(recording))
        PICTURE.parent.mkdir(exist_ok=True)
        with Image.open(path.with_suffix(".png")) as picture:
            picture.convert("RGB").quantize(64).save(PICTURE, optimize=True)


def fill(page: Path, name: str, text: str) -> None:
    """Replace the block of this example on this page, if it has one."""
    old = page.read_text()
    page.write_text(re.sub(rf"<!-- defib:{name} -->.*?<!-- /defib -->", lambda _: block(name, text), old, flags=re.S))


def main() -> None:
    names = sys.argv[1:] or sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
    rows = []
    for name in names:
        text, diagnosis, seconds = shown(name)
        for page in PAGES:
            fill(page, name, text)
        causes = " ".join(one["code"] for one in diagnosis["causes"])
        fix = diagnosis["fix"] or {"interventions": [], "verified": False}
        verified = "verified" if fix["verified"] else "suggested"
        rows.append([name, diagnosis["outcome"], causes, " + ".join(fix["interventions"]), verified, f"{seconds:.0f}"])
    draw()
    print(markdown(["example", "outcome", "causes", "fix", "", "seconds"], rows))


if __name__ == "__main__":
    main()

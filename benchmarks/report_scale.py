"""Seconds and memory that each report takes for a network of 200 layers that was trained for 10,000 steps.

Run ``python -m benchmarks.report_scale [--undisturbed] [FORMAT ...]``. Every format is written in a process of its own,
from a Recording on the disk, as ``defib report`` does it. Seconds are of the writing alone, by the clock and of the
processor (which other programs slow less), and of the whole process with its imports. ``--undisturbed`` (Linux, root)
asks for a real-time priority, so that the clock shows what a machine takes that has nothing else to do. Exit code 1
when a format takes more than 1 s to write (by the clock where undisturbed, else of the processor), its process more
than 200 MB at its peak, or the page more than 1.5 MB.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks._table import markdown

N_LAYERS, N_STEPS = 200, 10_000
KEPT = 2_000
"""Losses that a trace keeps of all steps, see `defib.subject.TrainingTrace`."""
MOST_SECONDS, MOST_MEGABYTES, MOST_PAGE = 1.0, 200.0, 1_500_000


def record(folder: Path) -> Path:
    """A Recording of such a network, with everything in it that a report shows."""
    from tests.reporters import recorded, samples

    from defib.recording import Recorder

    background = recorded.large(N_LAYERS, N_STEPS)
    recorder = Recorder.start("train.py", ["train.py"], directory=folder)
    (behind,) = background.behind
    recorder.write("model", index=0, name="deep", framework="torch", recipe=None, parameters={})
    recorder.write("trace", index=0, trace=replace(behind.trace, loss_per_update=behind.trace.loss_per_update[:KEPT]))
    for one in behind.evidence.values():
        recorder.write("evidence", index=0, evidence=one)
    recorder.diagnosis(0, samples.FLAT_DIAGNOSIS)
    recorder.close()
    return recorder.path


def write_one(ending: str, path: Path) -> None:
    """Write one report and print seconds, seconds of the processor, peak memory in MB and bytes."""
    from defib.recording import load
    from defib.reporters import write_report
    from defib.reporters.background import background_of
    from defib.reporters.terminal import render_text

    recording = load(path)
    diagnoses, background = recording.diagnoses, background_of(recording)
    begun, worked = time.perf_counter(), time.process_time()
    if ending == "terminal":
        size = len(render_text(diagnoses[0]).encode())
    else:
        size = write_report(diagnoses, path.with_suffix(ending), background).stat().st_size
    seconds, work = time.perf_counter() - begun, time.process_time() - worked
    print(seconds, work, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, size)


def undisturbed() -> None:
    """Let no ordinary program take the processor from this one and what it starts. Raises `PermissionError`."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


def main() -> int:
    from defib.reporters import FORMATS

    if sys.argv[1:2] == ["--one"]:
        write_one(sys.argv[2], Path(sys.argv[3]))
        return 0
    by_the_clock = "--undisturbed" in sys.argv[1:]
    if by_the_clock:
        undisturbed()
    wanted = [one for one in sys.argv[1:] if one != "--undisturbed"]
    rows, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = record(Path(folder))
        for ending in wanted or ["terminal", *FORMATS]:
            begun = time.perf_counter()
            command = [sys.executable, "-m", "benchmarks.report_scale", "--one", ending, str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            whole = time.perf_counter() - begun
            seconds, work, megabytes, size = (float(one) for one in done.stdout.split())
            rows.append([ending, f"{seconds:.2f}", f"{work:.2f}", f"{whole:.2f}", f"{megabytes:.0f}", f"{size:,.0f}"])
            too_large = ending == ".html" and size > MOST_PAGE
            taken = seconds if by_the_clock else work
            failed += [ending] if taken > MOST_SECONDS or megabytes > MOST_MEGABYTES or too_large else []
    print(markdown(["format", "seconds to write", "of the processor", "seconds in all", "peak MB", "bytes"], rows))
    if failed:
        print("over the limit:", ", ".join(failed))
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())

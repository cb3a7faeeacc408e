"""``defib run`` for a program in which no training was seen: why, and what to do instead."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

from defib.errors import InputError, MissingFrameworkError

if TYPE_CHECKING:
    from defib.capture.script import ScriptOutcome

FRAMEWORKS = {
    "torch": "torch",
    "keras": "keras",
    "tensorflow": "keras",
    "tf_keras": "tf-keras",
    **dict.fromkeys(("jax", "flax", "optax"), "flax"),
}
"""Module that may be missing → extra that brings it."""
IN_WORKERS = "ran in other processes"
"""What the watcher of scikit-learn says of work that joblib hands to others."""


def nothing_trained(script: str, outcome: ScriptOutcome, stderr: IO[str], *, beside: bool = False) -> int:
    """Say so in three beats. A program that failed by itself keeps its own code.

    So does one of several processes (``beside``): its launcher would take ours for a crash, and stop or restart all.
    """
    missing = outcome.missing_module
    if missing in FRAMEWORKS:
        raise MissingFrameworkError(
            "framework-missing",
            came=f"{script} imports {missing}, which is not installed for {sys.executable}",
            expected="the framework in the same environment as defib",
            write=f"pip install 'defib[{FRAMEWORKS[missing]}]'",
        )
    imported = " and ".join(outcome.frameworks)
    why = (
        f"imported {imported}, but no training of a network was seen"
        if imported
        else "imported none of keras, torch, jax and sklearn.neural_network"
    )
    started = 0 if any(IN_WORKERS in note for note in outcome.notes) else _processes()
    error = InputError(
        "nothing-trained",
        came=f"{script} trained no network that defib could see: it {why}" + _broken(outcome) + _elsewhere(started),
        expected="a program that trains a Keras, PyTorch, JAX or scikit-learn network in its own process"
        + (", and gets as far as that" if outcome.error else ""),
        write=_instead(script, outcome, started),
    )
    if outcome.exit_code == 0 and not beside:
        raise error
    stderr.write(f"{error.message}\n")
    return outcome.exit_code


def _instead(script: str, outcome: ScriptOutcome, started: int) -> str:
    """What to type in place of it."""
    if started and "torch.distributed" in sys.modules and "torch" in outcome.frameworks:
        return (
            f"torchrun --nproc-per-node {started} -m defib run {script}"
            "    # with rank = int(os.environ['RANK']) in place of mp.spawn"
        )
    if started:
        return "with defib.watch() as watched: train()    # in that process; then print(watched.diagnosis)"
    if outcome.error:
        return f"python {script}    # until it runs without this error; then defib run {script}"
    return "defib predictions p.csv --labels y.csv    # if all you have is predictions"


def _processes() -> int:
    """How many processes the program started by itself."""
    counter = getattr(sys.modules.get("multiprocessing.process"), "_process_counter", None)
    return max(0, int("0" + "".join(filter(str.isdigit, repr(counter)))) - 1)


def _elsewhere(started: int) -> str:
    """That a training is not seen in processes that the program started."""
    if not started:
        return ""
    many = "a process" if started == 1 else f"{started} processes"
    return f"; it started {many} of its own, and defib sees only the one it runs in"


def _broken(outcome: ScriptOutcome) -> str:
    """What it ended with: the first line, since the program has just shown the whole of it."""
    ended = f" and ended with {outcome.error.strip().splitlines()[0]}" if outcome.error else ""
    return ended + "".join(f"; {note}" for note in outcome.notes)

"""Runs all programs of one way in through all its doors, in one process; writes what came out as JSON.

``python -m tests.ways_in.worker SLUG OUT.json``, in an empty directory; of several ranks, rank 0 writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import runpy
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tests.ways_in.registry import PROGRAMS, WAYS, Way


def main(slug: str, out: Path) -> None:
    way = next(one for one in WAYS if one.slug == slug)
    warnings.simplefilter("ignore")
    found = {name: results_of(way, name) for name in way.programs}
    if os.environ.get("RANK", "0") == "0":
        out.write_text(json.dumps(found, indent=1))


def results_of(way: Way, name: str) -> dict[str, Any]:
    """``plain`` and one entry per door: what it diagnosed, and the digest of what the program made."""
    program = PROGRAMS / f"{name}.py"
    values = runpy.run_path(str(program), run_name="__main__")
    found: dict[str, Any] = {"plain": {"digest": digest(values)}}
    if way.api is not None:
        found["api"] = said(through_api, way.api, values)
        found["api"]["digest"] = digest(values, with_random=False)
        found["plain"]["digest_after"] = digest(values, with_random=False)
    found["run"] = through_run(program)
    if way.callback is not None:
        found["callback"] = through_callback(program, way.callback)
    return found


def through_api(expression: str, values: dict[str, Any]) -> Any:
    import defib

    return eval(expression, {**values, "defib": defib})


def said(door: Callable[..., Any], *args: Any) -> dict[str, Any]:
    """The parts of a diagnosis that the test looks at."""
    diagnosis = door(*args)
    return {
        "causes": [one.name for one in diagnosis.causes],
        "outcome": diagnosis.outcome,
        "headline": diagnosis.headline,
        "notes": list(diagnosis.notes),
    }


def through_run(program: Path) -> dict[str, Any]:
    """As ``defib run --no-trials --quiet --report report.json program.py`` does it; the last model counts."""
    from defib.cli.run import Request, run_request

    report = Path("report.json").absolute()
    report.unlink(missing_ok=True)
    request = Request(str(program), (), False, (report,), None, False, 0, True)
    main, argv, path = sys.modules["__main__"], sys.argv[:], sys.path[:]
    try:
        code = run_request(request)
        values = vars(sys.modules["__main__"])
        found = {"digest": digest(values), "exit_code": code}
    finally:
        sys.modules["__main__"], sys.argv[:], sys.path[:] = main, argv, path
    diagnoses = json.loads(report.read_text())["diagnoses"] if report.exists() else []
    if diagnoses:
        last = diagnoses[-1]
        found["causes"] = [one["name"] for one in last["causes"]]
        found |= {key: last[key] for key in ("outcome", "headline", "notes")}
        found["models"] = [one["model"] for one in diagnoses]
    return found


def through_callback(program: Path, line: tuple[str, str]) -> dict[str, Any]:
    """The program with one line changed, run by plain Python."""
    source = program.read_text()
    assert source.count(line[0]) == 1, f"{program.name}: {line[0]!r} stands there {source.count(line[0])} times"
    changed = Path(f"with_callback_{program.name}").absolute()
    changed.write_text(source.replace(*line))
    values = runpy.run_path(str(changed), run_name="__main__")
    made = digest(values)
    return {**said(lambda: values["monitor"].diagnosis), "digest": made}


def digest(values: dict[str, Any], *, with_random: bool = True) -> dict[str, str]:
    """Hashes of predictions, weights and (where asked) random states that a program left behind."""
    found = {
        "predictions": _hash([values["predictions"]]),
        "weights": _hash(weights_of(values["model"])),
    }
    if with_random:
        found["random"] = _hash(
            [random.getstate()[1], dict(np.random.get_state(legacy=False))["state"]["key"], *_torch_state()]
        )
    return found


def weights_of(model: Any) -> list[Any]:
    """All weights of a trained model."""
    model = getattr(model, "best_estimator_", model)
    model = model.steps[-1][1] if hasattr(model, "steps") else model
    model = getattr(model, "module_", model)
    if hasattr(model, "state_dict"):
        return [one.detach().cpu() for one in model.state_dict().values()]
    if hasattr(model, "get_weights"):
        return list(model.get_weights())
    if hasattr(model, "coefs_"):
        return [*model.coefs_, *model.intercepts_]
    jax = sys.modules["jax"]
    return list(jax.tree_util.tree_leaves(model))


def _torch_state() -> list[Any]:
    torch = sys.modules.get("torch")
    return [] if torch is None else [torch.get_rng_state()]


def _hash(arrays: Iterable[Any]) -> str:
    total = hashlib.sha256()
    for one in arrays:
        total.update(np.ascontiguousarray(np.asarray(one)).tobytes())
    return total.hexdigest()[:16]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Run scenarios with the bare framework and print what each shows: ``python -m tests.scenarios.bare torch [name ...]``.

No part of defib is involved. Every program leaves its predictions in the local ``pred`` (and the labels of those rows in
``y_new``, where it has them); they are read from its frame when it returns.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

AnyArray = NDArray[Any]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def run_program(module: Any, kind: str, framework: str, seed: int) -> dict[str, Any]:
    """Locals of the program at its end: ``pred``, ``y_new`` and the rest."""
    names = {f"_{framework}", f"{kind}_{framework}"}
    caught: dict[str, Any] = {}

    def tracer(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_name not in names or frame.f_code.co_filename != module.__file__:
            return None
        frame.f_trace_lines = False

        def local(frame: FrameType, event: str, arg: Any) -> Any:
            if event == "return" and "pred" in frame.f_locals:
                caught.update({k: frame.f_locals[k] for k in ("pred", "y_new") if k in frame.f_locals})
            return local

        return local

    sys.settrace(tracer)
    try:
        getattr(module, f"{kind}_{framework}")(seed)
    finally:
        sys.settrace(None)
    return caught


def skill(pred: AnyArray, y: AnyArray | None) -> float:
    """AUC (macro one-vs-rest) for classes, r2 for values, NaN without labels."""
    from sklearn.metrics import r2_score, roc_auc_score

    if y is None or len(y) != len(pred) or not np.isfinite(pred).all():
        return float("nan")
    y = np.asarray(y).reshape(len(y), -1).squeeze()
    if np.issubdtype(y.dtype, np.floating) and len(np.unique(y)) > 20:
        return float(r2_score(y, pred.reshape(len(pred), -1)[:, 0]))
    if len(np.unique(y)) < 2:
        return float("nan")
    if pred.ndim == 1 or pred.shape[-1] == 1:
        return float(roc_auc_score(y == y.max(), pred.ravel()))
    return float(np.mean([roc_auc_score(y == label, pred[:, k]) for k, label in enumerate(np.unique(y))]))


def line(module: Any, kind: str, framework: str, seed: int) -> str:
    start = time.perf_counter()
    out = run_program(module, kind, framework, seed)
    seconds = time.perf_counter() - start
    if framework == "keras":
        sys.modules["keras"].utils.clear_session()
    pred = np.asarray(out["pred"], dtype=np.float64)
    flat = pred.reshape(len(pred), -1)
    hard = flat.argmax(1) if flat.shape[1] > 1 else (flat[:, 0] > 0.5)
    share = np.unique(hard, return_counts=True)[1].max() / len(flat)
    return (
        f"{module.__name__.split('.')[-1]:32s} {kind:8s} {framework:6s} {seed} n={len(flat):4d} spread={flat.std(0).max():9.2e} "
        f"unique={len(np.unique(flat, axis=0)):4d} [{flat.min():8.3g}, {flat.max():8.3g}] one label={share:.2f} "
        f"skill={skill(pred, out.get('y_new')):6.3f} {seconds:5.1f}s"
    )


def main() -> None:
    from tests.scenarios import ALL, load

    framework, names = sys.argv[1], sys.argv[2:] or list(ALL)
    seeds = {"broken": (0, 1, 2), "healthy": (0, 1, 2) if framework != "keras" else (0,)}
    warnings.simplefilter("ignore")
    devnull = open(os.devnull, "w")
    for name in names:
        module = load(name)
        for kind in ("broken", "healthy"):
            for seed in seeds[kind]:
                if not hasattr(module, f"{kind}_{framework}"):
                    continue
                stdout, sys.stdout = sys.stdout, devnull
                try:
                    text = line(module, kind, framework, seed)
                except Exception as error:
                    text = f"{name} {kind} {framework} {seed} RAISED {type(error).__name__}: {error}"
                finally:
                    sys.stdout = stdout
                print(text, flush=True)


if __name__ == "__main__":
    main()

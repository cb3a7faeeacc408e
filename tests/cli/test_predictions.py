"""``defib predictions``: outputs alone, with labels from a file or a column, and every kind of bad file."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run

RNG = np.random.default_rng(0)
Y = (RNG.random(80) < 0.3).astype(int)
P = np.clip(0.3 + 0.4 * (Y - 0.5) + 0.2 * RNG.normal(size=80), 0.01, 0.99)


def write(folder: Path, file: str, **columns: np.ndarray) -> None:
    rows = zip(*columns.values(), strict=True)
    text = [",".join(columns), *(",".join(str(cell) for cell in row) for row in rows)]
    (folder / file).write_text("\n".join(text) + "\n")


def shown(defib: Run, *arguments: str) -> str:
    ended = defib("predictions", *arguments)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    return re.sub(r"\s+", " ", ended.stdout)


def test_flat_without_labels(tmp_path: Path, defib: Run) -> None:
    np.save(tmp_path / "p.npy", np.full((50, 1), 0.37, dtype=np.float32))
    out = shown(defib, "p.npy")
    assert "identical for all 50 rows: 0.37" in out
    assert "skill was not assessed: it needs labels" in out
    assert "defib predictions p.npy --labels y.csv" in out


def test_flat_at_the_prior(tmp_path: Path, defib: Run) -> None:
    write(tmp_path, "p.csv", p=np.full(80, Y.mean()), y=Y)
    out = shown(defib, "p.csv", "--labels", "y")
    assert "(the class prior)" in out
    assert "What this usually comes from Only the output bias learns" in out
    assert "dead-relus (DF401)" in out


def test_skill_with_a_file_of_labels(tmp_path: Path, defib: Run) -> None:
    write(tmp_path, "p.csv", p=P)
    write(tmp_path, "y.csv", number=np.arange(80), y=Y)
    out = shown(defib, "p.csv", "--labels", "y.csv:y")
    assert "and carry information about the row" in out
    assert "What this usually comes from" not in out


def test_labels_as_text_and_a_chosen_column(tmp_path: Path, defib: Run) -> None:
    write(tmp_path, "p.csv", name=np.array([f"row{i}" for i in range(80)]), p=P, truth=np.where(Y, "yes", "no"))
    out = shown(defib, "p.csv", "--column", "p", "--labels", "truth")
    assert "and carry information about the row" in out


def test_logits_and_links(tmp_path: Path, defib: Run) -> None:
    np.save(tmp_path / "z.npy", np.zeros((30, 3)))
    assert "logit 0" in shown(defib, "z.npy", "--link", "softmax") or "1/K" in shown(
        defib, "z.npy", "--link", "softmax"
    )


def test_nan(tmp_path: Path, defib: Run) -> None:
    np.save(tmp_path / "p.npy", np.full(20, np.nan))
    out = shown(defib, "p.npy")
    assert "All 20 predictions are NaN" in out
    assert "nan-inputs (DF103)" in out


@pytest.mark.parametrize(
    ("arguments", "slug"),
    [
        (["missing.csv"], "no-such-file"),
        (["text.csv"], "text-column"),
        (["empty.csv"], "no-rows"),
        (["p.csv", "--labels", "short.csv"], "unequal-lengths"),
        (["p.csv", "--labels", "nowhere.csv"], "no-such-file"),
        (["p.csv", "--labels", "blank.csv"], "no-labels"),
        (["p.csv", "--labels", "wide.csv"], "several-label-columns"),
        (["p.csv", "--column", "q"], "unknown-column"),
        (["p.parquet"], "unknown-file-format"),
    ],
)
def test_bad_input(tmp_path: Path, defib: Run, arguments: list[str], slug: str) -> None:
    write(tmp_path, "p.csv", p=P)
    write(tmp_path, "text.csv", name=np.array(["a", "b"]), p=np.array([0.1, 0.2]))
    write(tmp_path, "short.csv", y=Y[:-1])
    write(tmp_path, "blank.csv", y=np.array(["nan"] * 80))
    write(tmp_path, "wide.csv", y=Y, z=Y, w=Y)
    (tmp_path / "empty.csv").write_text("p\n")
    (tmp_path / "p.parquet").write_text("x")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    ended = defib("predictions", *arguments)
    assert ended.returncode == 2
    assert ended.stdout == ""
    came, expected, *_, last = ended.stderr.splitlines()
    assert came.endswith(".")
    assert expected.startswith("Expected: ")
    assert last == f"[{slug}] docs/messages.md#{slug}"
    assert "Traceback" not in ended.stderr
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("outputs", "wanted", "code"),
    [
        (np.full(50, 0.37), ["flat"], 1),
        (np.full(50, 0.37), ["nan", "one-class"], 0),
        (np.append(P, np.nan), ["nan"], 1),
        (0.1 * P, ["one-class"], 1),
        (0.1 * P, ["flat", "nan"], 0),
        (0.1 * P, ["any"], 1),
        (P, ["any"], 0),
    ],
    ids=["flat", "flat, not asked", "nan", "one class", "one class, not asked", "any", "fine"],
)
def test_a_gate_for_what_a_model_predicts_every_day(
    outputs: np.ndarray, wanted: list[str], code: int, tmp_path: Path, defib: Run
) -> None:
    np.save(tmp_path / "p.npy", outputs)
    ended = defib("predictions", "p.npy", "--quiet", *(part for one in wanted for part in ("--fail-on", one)))
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert bool(ended.stderr) == bool(code)
    if code:
        assert re.match(r"defib: p\.npy fails --fail-on (flat|nan|one-class|any): .{20}", ended.stderr)

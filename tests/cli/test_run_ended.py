"""Trainings that are ended from outside, by real signals: what is still known, and what the program itself sees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from defib.recording import load, newest
from tests.conftest import Run

TRAIN = """
    import signal, sys, time
    import torch
    from torch import nn

    torch.manual_seed(0)
    X = torch.rand(120, 4)
    y = (X[:, :1] > 0.5).float()
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Softmax(dim=1))
    optimizer = torch.optim.Adam(model.parameters())
    if "--handler" in sys.argv:
        def leave(number, frame):
            print("leaving", flush=True)
            sys.exit(7)
        signal.signal(signal.SIGTERM, leave)
    for epoch in range(100_000):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy(model(X), y).backward()
        optimizer.step()
        if epoch == 3:
            print("trains", flush=True)
        if epoch > 3:
            time.sleep(0.01)
    """


def ended_by(number: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``defib run train.py`` with this signal sent to it in the middle of the training."""
    (folder / "train.py").write_text(dedent(TRAIN))
    command = [sys.executable, "-m", "defib", "run", "--no-trials", "train.py", *arguments]
    process = subprocess.Popen(
        command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "COLUMNS": "99"},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess(command, process.returncode, first + out, err)


def test_a_killed_training_is_still_on_record(tmp_path: Path, defib: Run) -> None:
    ended = ended_by(signal.SIGKILL, tmp_path)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == "trains\n"
    (progress,) = load(newest(tmp_path)).of("progress")[:1]
    assert progress["models"][0]["model"] == "Sequential"
    told = defib("report")
    assert told.returncode == 2
    assert "ends before its first diagnosis; when it was last heard of, Sequential (torch) had taken " in told.stderr
    assert "with a last loss of" in told.stderr


def test_ctrl_c_in_the_middle_gives_a_diagnosis(tmp_path: Path) -> None:
    ended = ended_by(signal.SIGINT, tmp_path)
    assert ended.returncode == 130
    assert "single-unit-softmax (DF301)" in ended.stdout
    assert ended.stderr.rstrip().endswith("KeyboardInterrupt")
    assert "defib/" not in ended.stderr
    (diagnosis,) = load(newest(tmp_path)).diagnoses
    assert diagnosis.causes[0].code == "DF301"


@pytest.mark.parametrize(("arguments", "code"), [((), -signal.SIGTERM), (("--handler",), 7)])
def test_a_request_to_end_is_the_programs_own(arguments: tuple[str, ...], code: int, tmp_path: Path) -> None:
    """Without a handler it ends the process, as without defib; with one, the program decides, and is diagnosed."""
    ended = ended_by(signal.SIGTERM, tmp_path, *arguments)
    assert ended.returncode == code
    assert ("leaving" in ended.stdout) is bool(arguments)
    assert ("single-unit-softmax" in ended.stdout) is bool(arguments)

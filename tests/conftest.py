"""Shared by all tests: programs run in a process of their own, as users run them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest

hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a suite that a script runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run_python(*args: str | Path, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """``python args...`` in this environment, with the width of reports fixed."""
    environment = {**os.environ, "COLUMNS": "100", "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONHASHSEED": "0"}
    environment.pop("PYTEST_CURRENT_TEST", None)
    environment.pop("GITHUB_ACTIONS", None)  # our own CI may run there
    return subprocess.run(
        [sys.executable, *map(str, args)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """A test fails every time or never: every generator in use starts from the same state."""
    random.seed(0)
    np.random.seed(0)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)
    if (keras := sys.modules.get("keras")) is not None:
        keras.utils.set_random_seed(0)


@pytest.fixture
def python(tmp_path: Path) -> Run:
    """Run Python in an empty directory."""

    def run(*args: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run_python(*args, cwd=tmp_path, stdin=stdin)

    return run


@pytest.fixture
def defib(tmp_path: Path) -> Run:
    """Run ``defib`` in an empty directory."""

    def run(*args: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return run_python("-m", "defib", *args, cwd=tmp_path, stdin=stdin)

    return run

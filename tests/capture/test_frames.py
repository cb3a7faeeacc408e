"""Whose code a frame runs."""

from __future__ import annotations

import pytest

from defib.capture.torch_frames import is_foreign


@pytest.mark.parametrize(
    ("file", "foreign"),
    [
        ("/home/a/train.py", False),
        ("/tmp/__autograph_generated_filezdh2yisc.py", True),  # written by TensorFlow from a function of train.py
        ("/usr/lib/python3/site-packages/x.py", True),
        ("<frozen runpy>", True),
    ],
    ids=["user", "generated", "library", "frozen"],
)
def test_what_is_no_code_of_the_users(file: str, foreign: bool) -> None:
    assert is_foreign(file) is foreign

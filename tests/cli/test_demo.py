"""``defib demo``: finds the examples, by name and number, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from defib.cli import demo
from defib.errors import InputError
from tests.conftest import Run

NAMES = ("01_random_labels.py", "04a_deep.py", "04b_raw.py", "10_torch_only.py")


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        framework = "no_such_framework" if "torch" in name else "math"
        (tmp_path / name).write_text(f"# The story of {name}.\n# It goes on.\nimport {framework}\n# no story\n")
    (tmp_path / "helper.py").write_text("")
    monkeypatch.setattr(demo, "examples_folder", lambda: tmp_path)
    return tmp_path


def stems(*wanted: str) -> list[str]:
    return [path.stem for name in wanted for path in demo._matching(name)]


def test_by_name_and_number(examples: Path) -> None:
    assert [path.name for path in demo.all_examples()] == sorted(NAMES)
    assert stems("01_random_labels") == stems("random_labels") == stems("1") == stems("01") == ["01_random_labels"]
    assert stems("4") == ["04a_deep", "04b_raw"]
    assert stems("4b", "04a_deep.py") == ["04b_raw", "04a_deep"]
    with pytest.raises(InputError) as caught:
        demo._matching("7")
    assert caught.value.slug == "unknown-example"


def test_story_and_frameworks(examples: Path) -> None:
    assert demo.story(examples / NAMES[0]) == ["The story of 01_random_labels.py.", "It goes on."]
    assert demo.missing_frameworks(examples / NAMES[0]) == ()
    (examples / "11_x.py").write_text("import os\nfrom tf_keras.models import Model\n    import torch\n")
    assert demo.missing_frameworks(examples / "11_x.py") == ()


def test_missing_frameworks(examples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (examples / "11_x.py").write_text("import torch\nfrom torch import nn\nimport tensorflow as tf\n")
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    assert demo.missing_frameworks(examples / "11_x.py") == ("torch", "tensorflow")


def test_no_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "examples_folder", lambda: tmp_path)
    with pytest.raises(InputError) as caught:
        demo.all_examples()
    assert caught.value.slug == "no-examples"


def test_list(defib: Run) -> None:
    shown = defib("demo", "--list")
    assert shown.returncode == 0
    lines = shown.stdout.splitlines()
    assert len(lines) >= 8
    for line in lines:
        name, _, story = line.partition(" ")
        assert name[:2].isdigit()
        assert story.strip()

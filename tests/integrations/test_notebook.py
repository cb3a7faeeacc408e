"""``%load_ext defib`` in a real notebook: the cell runs as always, the diagnosis of what it trained stands below."""

from __future__ import annotations

import json
import sys
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

TRAIN = """
torch.manual_seed(0)
X = torch.rand(120, 4)
y = (X[:, :1] > 0.5).float()
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Softmax(dim=1))
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(5):
    optimizer.zero_grad()
    nn.functional.binary_cross_entropy(model(X), y).backward()
    optimizer.step()
print("printed")
len(X)
"""
CELLS = {
    "load": "%load_ext defib\nimport torch\nfrom torch import nn",
    "plain": TRAIN + "\nplain = [one.tolist() for one in model.parameters()], torch.get_rng_state().tolist()",
    "watched": "%%defib --no-trials" + TRAIN,
    "same": "assert plain == ([one.tolist() for one in model.parameters()], torch.get_rng_state().tolist())",
    "model": "%defib --no-trials model X y",
    "fails": "%%defib --no-trials" + TRAIN.replace("len(X)", "raise KeyError('of the cell')"),
    "nothing": "%%defib\nfrom pathlib import Path\nPath('.').exists()",
    "option": "%%defib --what\n1",
    "few": "%defib model",
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What each cell put out, by its name above; the notebook runs once, in a kernel of this environment."""
    folder = tmp_path_factory.mktemp("jupyter")
    kernel = folder / "kernels" / "here"
    kernel.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "here", "language": "python"}))
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS.values()]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        patch.chdir(folder)
        client = NotebookClient(notebook, kernel_name="here", allow_errors=True, timeout=300)
        client.execute(cwd=str(folder))
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def texts(found: list[Any]) -> list[str]:
    """What stands in the outputs, one text each; of a display its plain form."""
    return [one.get("text") or one.get("data", {}).get("text/plain") or f"{one.ename}: {one.evalue}" for one in found]


def test_a_cell_runs_as_always_and_is_diagnosed(outputs: dict[str, list[Any]]) -> None:
    assert texts(outputs["plain"])[0] == "printed\n"
    printed, value, diagnosis = outputs["watched"]
    assert printed.text == "printed\n"
    assert (value.output_type, value.data["text/plain"]) == ("execute_result", "120")
    assert diagnosis.output_type == "display_data"
    assert "single-unit-softmax (DF301)" in diagnosis.data["text/plain"]
    assert "<" in diagnosis.data["text/html"]
    assert outputs["same"] == []


def test_a_model_in_memory_is_the_value_of_the_line(outputs: dict[str, list[Any]]) -> None:
    (diagnosis,) = outputs["model"]
    assert diagnosis.output_type == "execute_result"
    assert "single-unit-softmax" in diagnosis.data["text/plain"]


def test_a_cell_that_fails_is_diagnosed_and_fails(outputs: dict[str, list[Any]]) -> None:
    found = outputs["fails"]
    assert "single-unit-softmax" in texts(found)[1]
    assert (found[-1].ename, found[-1].evalue) == ("KeyError", "'of the cell'")


def test_what_is_missing_is_said(outputs: dict[str, list[Any]]) -> None:
    assert "defib: no network was seen to train in this cell\n" in texts(outputs["nothing"])
    assert "True" in texts(outputs["nothing"])
    assert "unrecognized arguments: --what" in texts(outputs["option"])[0]
    assert "%defib [--budget SECONDS] [--no-trials] [--seed N] MODEL X [Y]" in texts(outputs["few"])[0]

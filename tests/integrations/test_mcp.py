"""``defib mcp`` with a real client of the official SDK, over standard input and output."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

SCRIPT = """
import sys
import numpy as np
from sklearn.neural_network import MLPClassifier
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 4))
y = (X[:, 0] > 0).astype(int)
print("training", sys.argv[1:])
net = MLPClassifier((8,), alpha=1e4, max_iter=400, random_state=0).fit(X, y)
print(net.predict(X[:5]))
"""


def ask(folder: Path, questions: Callable[[Client], Awaitable[Any]], *options: str) -> Any:
    """Start a server in this folder, put the questions, and end it."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "defib", "mcp", *options], cwd=str(folder))

    async def session() -> Any:
        async with Client(server) as client:
            return await questions(client)

    # In a thread of its own: another test's browser may keep a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, session).result()


def call(folder: Path, tool: str, *options: str, **arguments: Any) -> Any:
    async def question(client: Client) -> Any:
        return await client.call_tool(tool, arguments)

    return ask(folder, question, *options)


def test_the_tools_say_what_they_take(tmp_path: Path) -> None:
    async def listed(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in ask(tmp_path, listed)}
    assert set(tools) == {"diagnose", "explain", "report", "predictions"}
    assert all(tool.description for tool in tools.values())
    assert tools["diagnose"].input_schema["required"] == ["target"]


def test_predictions_and_explain_run_nothing(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.full(40, 0.25))

    async def both(client: Client) -> Any:
        seen = await client.call_tool("predictions", {"file": "p.npy"})
        page = await client.call_tool("explain", {"cause": "dead relus"})
        return seen.structured_content, page.structured_content

    seen, page = ask(tmp_path, both)
    assert "identical for all 40 rows: 0.25" in seen["sentence"]
    assert seen["symptom"]["pattern"] == "identical"
    assert page["code"] == "DF401"
    assert "## Evidence for" in page["page"]
    assert page["next"].startswith("diagnose(")


def test_programs_run_only_when_it_was_allowed(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    refused = call(tmp_path, "diagnose", target="train.py")
    assert refused.is_error
    assert "[run-not-allowed]" in refused.content[0].text
    assert "Traceback" not in refused.content[0].text
    assert not (tmp_path / ".defib").exists()


def test_a_program_is_diagnosed_and_reported_again(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)

    async def twice(client: Client) -> Any:
        arguments = {"target": "train.py", "args": ["a b"], "trials": False}
        first = await client.call_tool("diagnose", arguments)
        return first, await client.call_tool("report", {})

    first, again = ask(tmp_path, twice, "--allow-run")
    assert not first.is_error, first.content
    said = first.structured_content
    assert said["exit_code"] == 0
    assert "training ['a b']" in said["output_tail"]
    (diagnosis,) = said["diagnoses"]
    assert diagnosis["causes"][0]["name"] == "regularization-too-strong"
    assert diagnosis["where"].startswith("train.py")
    assert diagnosis["fix"]["verified"] is False
    assert diagnosis["next"] == "explain(cause='regularization-too-strong')"
    assert again.structured_content["diagnoses"] == said["diagnoses"]
    assert len(first.content[0].text) < 8000


def test_a_program_that_fails_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('no data')\n")
    answer = call(tmp_path, "diagnose", "--allow-run", target="broken.py")
    assert answer.is_error
    assert "no data" in answer.content[0].text


@pytest.mark.parametrize(
    ("tool", "arguments", "slug"),
    [
        ("report", {}, "no-recording"),
        ("explain", {"cause": "gremlins"}, "unknown-cause"),
        ("predictions", {"file": "gone.csv"}, "no-such-file"),
    ],
)
def test_errors_have_three_beats(tmp_path: Path, tool: str, arguments: dict[str, str], slug: str) -> None:
    answer = call(tmp_path, tool, **arguments)
    assert answer.is_error
    assert f"[{slug}]" in answer.content[0].text

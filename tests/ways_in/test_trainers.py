"""``defib.diagnose(trainer)``: what a user types after a training that nobody watched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.ways_in.registry import PROGRAMS

CODE = """
import json, runpy, sys, torch
values = runpy.run_path(sys.argv[1], run_name="__main__")
import defib
trainer, model = values["trainer"], values["model"]
before = {name: one.clone() for name, one in model.state_dict().items()}
modes, random, held = [one.training for one in model.modules()], torch.get_rng_state(), sorted(vars(trainer))
found = defib.diagnose(trainer, *(values[one] for one in sys.argv[2:]), trials=False)
same = all(torch.equal(one, before[name]) for name, one in model.state_dict().items())
same = same and modes == [one.training for one in model.modules()] and torch.equal(random, torch.get_rng_state())
print(json.dumps({
    "causes": [one.name for one in found.causes],
    "outcome": found.outcome,
    "pattern": found.symptom.pattern,
    "held_out": found.symptom.skill is not None and found.symptom.skill.rows == "held_out",
    "same": same and held == sorted(vars(trainer)),
    "needs": [one.needs for one in found.not_assessed],
    "notes": list(found.notes),
    "rows": found.symptom.n_rows,
}))
"""


@pytest.mark.parametrize(
    ("program", "given", "outcome", "causes", "pattern", "rows"),
    [
        ("transformers_healthy", (), "healthy", (), "varied", 100),
        ("lightning_broadcast", ("X", "y"), "cause_found", ("broadcast-loss",), "varied", 442),
    ],
    ids=["Transformers, healthy", "Lightning, by hand"],
)
def test_a_trainer_is_diagnosed_from_what_it_holds(
    program: str,
    given: tuple[str, ...],
    outcome: str,
    causes: tuple[str, ...],
    pattern: str,
    rows: int,
    python: Run,
    tmp_path: Path,
) -> None:
    """The registry asks three trainers for their causes; here: what it reads, and that it leaves no trace."""
    (tmp_path / "ask.py").write_text(CODE)
    done = python("ask.py", PROGRAMS / f"{program}.py", *given)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["same"]
    assert found["outcome"] == outcome, found
    assert found["pattern"] == pattern, found
    assert found["rows"] == rows
    assert not causes or found["causes"][0] in causes
    assert found["causes"] or not causes
    assert "the loss" not in found["needs"]
    assert not [one for one in found["notes"] if "broke inside" in one]

"""A recipe that learns when it is repeated: how its rows are served is tried next."""

from __future__ import annotations

from typing import Any

import pytest

from defib.catalogue import load
from defib.trials import Silent, run
from defib.trials.outcome import Campaign
from tests.causes.books import book


@pytest.mark.parametrize("enough", [True, False])
def test_where_the_control_learns_the_serving_is_tried(monkeypatch: pytest.MonkeyPatch, enough: bool) -> None:
    told: list[tuple[Any, dict[str, float]]] = []

    class Conducted:
        def __init__(self, engine: Any, book: Any, **given: Any) -> None:
            self.engine, self.notes, self.started = engine, list[str](), 0.0

        def conduct(self, ranked: Any, beliefs: Any, offered: Any) -> Campaign:
            told.append((self.engine, dict(beliefs)))
            if self.engine is None:
                return Campaign(control_recovered=True, notes=("as recorded",))
            return Campaign(control_recovered=False, outcomes={"same-pipeline": True} if enough else {})

    monkeypatch.setattr(run, "Conductor", Conducted)
    monkeypatch.setattr(run, "as_served", lambda subject, book: len)
    monkeypatch.setattr(run, "_how", lambda *given: [])
    monkeypatch.setattr(run, "splits", lambda *given: None)
    monkeypatch.setattr(run, "engine_for", lambda *given: given[4])  # what serves the rows
    ranked, beliefs = [load("DF101"), load("DF802")], {"DF101": 0.7, "DF802": 0.5}
    subject: Any = None
    found = run.run_trials(subject, book(), ranked, beliefs, 9.0, 0, Silent())
    assert told == [(None, beliefs), (len, {"DF802": 0.5})]
    assert found.control_recovered  # the recipe is sound all the same
    assert (found.outcomes, found.notes) == (({"same-pipeline": True}, ()) if enough else ({}, ("as recorded",)))

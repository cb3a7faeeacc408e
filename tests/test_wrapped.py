"""Fixes for a network that a pipeline holds."""

from __future__ import annotations

import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from defib.wrapped import as_written, wrapped_in

CODE = (
    "from sklearn.pipeline import make_pipeline\n"
    "model = make_pipeline(StandardScaler(), model)  # both\nmodel.fit(X, y)"
)
NET = MLPRegressor()
BEHIND = make_pipeline(OneHotEncoder(), NET)


@pytest.mark.parametrize("owner", [BEHIND, GridSearchCV(BEHIND, {})], ids=["pipeline", "search"])
def test_what_stands_before_the_network_goes_behind_the_steps_that_read_texts(owner: object) -> None:
    code = as_written(CODE, wrapped_in(owner, NET), {"alpha"})
    assert 'model.steps.insert(-1, ("standardscaler", StandardScaler()))' in code
    assert "make_pipeline" not in code


@pytest.mark.parametrize(
    "owner", [NET, TransformedTargetRegressor(NET), GridSearchCV(NET, {})], ids=["network", "targets", "search"]
)
def test_without_a_pipeline_one_is_made(owner: object) -> None:
    assert CODE in as_written(CODE, wrapped_in(owner, NET), {"alpha"})

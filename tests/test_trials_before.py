"""A step that took the signal: trained on the rows as they were before it, clones learn, and that proves the fix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from defib.beside import Beside
from defib.diagnose import diagnose_subject
from defib.subject import AnyArray
from tests.probes.fakes import small

RNG = np.random.default_rng(6)
RAW = 50 + 9 * RNG.normal(size=(240, 6))
Y = ((RAW - 50)[:, :3].sum(axis=1) > 0).astype(int)
ELSEWHERE = RNG.permutation(len(RAW))


def diagnosed(X: AnyArray, other: AnyArray, **settings: Any) -> Any:
    subject = small("relu", "sigmoid", X=X, y=Y, **settings)
    subject.alongside = lambda: (
        Beside("noise", RNG.normal(size=RAW.shape), np.arange(len(X))),
        Beside("raw", other, AT),
    )
    return diagnose_subject(subject, budget=20)


AT = np.arange(len(RAW))
CASES = {
    "DF102": ((RAW > 0).astype(float), "repair-input-step"),
    "DF107": ((RAW - RAW.mean(axis=0)) / RAW.std(axis=0) * (np.arange(6) >= 3), "repair-input-step"),
    "DF202": (((RAW - RAW.mean(axis=0)) / RAW.std(axis=0))[ELSEWHERE], "re-pair-labels"),
}


@pytest.mark.parametrize("code", CASES)
def test_the_rows_before_the_step_prove_its_repair(code: str) -> None:
    X, fix = CASES[code]
    found = diagnosed(X, RAW)
    assert found.causes[0].code == code
    assert (found.fix.interventions, found.fix.verified) == ((fix,), True)
    assert "raw" in found.fix.code
    proof = next(one for one in found.trials if one.intervention == fix)
    control = next(one for one in found.trials if one.arm == "control")
    assert max(control.recovery) < 0.3 < 0.8 < min(proof.recovery)
    assert "vary-rows" not in {one.intervention for one in found.trials}
    assert any("trains on raw as it stands" in note for note in found.notes)


def test_a_head_that_is_at_fault_as_well_is_mended_together_with_the_step() -> None:
    """Nothing else could be tried on rows that are all equal; the head shows once they are not."""
    X = np.zeros_like(RAW)
    subject = small("relu", "softmax", X=X, y=Y, units=1)
    subject.alongside = lambda: (Beside("raw", RAW, AT),)
    found = diagnose_subject(subject, budget=30)
    assert found.fix is not None
    assert (set(found.fix.interventions), found.fix.verified) == ({"fitting-head", "repair-input-step"}, True)


def test_an_array_that_tells_nothing_proves_nothing() -> None:
    found = diagnosed(CASES["DF102"][0], RAW[ELSEWHERE])
    assert found.causes[0].code == "DF102"
    assert not found.fix.verified


@pytest.mark.parametrize(
    ("trained", "code", "fix"),
    [(Y[ELSEWHERE], "DF202", "re-pair-labels"), (np.zeros_like(Y), "DF201", "fix-labels")],
    ids=["other-rows-labels", "one-label"],
)
def test_the_labels_that_the_program_holds_prove_their_repair(trained: AnyArray, code: str, fix: str) -> None:
    X = (RAW - RAW.mean(axis=0)) / RAW.std(axis=0)
    subject = small("relu", "sigmoid", X=X, y=trained)
    held = Beside("target", X, AT, labels=Y, by="at the rows' own places")
    subject.alongside = lambda: (held,)
    found = diagnose_subject(subject, budget=20)
    assert found.causes[0].code == code
    assert "with target at the rows' own places as labels" in found.causes[0].assessment.because
    assert found.fix is not None
    assert (found.fix.interventions, found.fix.verified) == ((fix,), True)
    assert "signal-masked" not in {one.name for one in found.causes}

"""The origin is named as the cause, what it did as its mechanism, in the order of time: from real programs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from defib.capture.script import watch
from defib.diagnose import diagnose_subject
from defib.diagnosis import Diagnosis
from defib.gate import Gate
from defib.wording import headline
from tests.reporters import samples


def torch_program(lr: float, scale: float, shuffle: bool) -> None:
    import torch

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    X = np.abs(rng.normal(size=(160, 6))).astype(np.float32)
    y = (X[:, :1] > 0.7).astype(np.float32)
    X *= scale
    net = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    rows = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(y))
    for _ in range(10):
        for xb, yb in torch.utils.data.DataLoader(rows, batch_size=32, shuffle=shuffle):
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(net(xb), yb).backward()
            optimizer.step()
    with torch.no_grad():
        net(torch.tensor(X))


def diagnosed(lr: float, scale: float, *, shuffle: bool = True, trials: bool = True) -> Diagnosis:
    with warnings.catch_warnings(), watch() as watched:
        warnings.simplefilter("ignore")
        torch_program(lr, scale, shuffle)
        (subject,) = watched.subjects()
        return diagnose_subject(subject, budget=1, trials=trials)


@pytest.mark.parametrize("shuffle", [False, True])
def test_the_headline_says_what_died_and_after_which_update(shuffle: bool) -> None:
    found = diagnosed(0.5, 200.0, shuffle=shuffle)
    assert found.causes[0].code in ("DF101", "DF501")
    dead = next(one for one in found.causes if one.code == "DF401")
    assert dead.mechanism_of == found.causes[0].code
    assert found.course
    assert "every unit of layer 1 is dead" in found.course[0]
    assert found.course[0] in found.headline
    assert found.replayed_batches


def test_without_trials_nothing_is_replayed_and_the_moment_is_not_told() -> None:
    found = diagnosed(0.5, 200.0, trials=False)
    assert found.course == ()
    assert "after update" not in found.headline
    assert any(one.code == "DF401" for one in found.causes)


def test_a_healthy_network_has_no_course() -> None:
    assert diagnosed(0.5, 1.0).course == ()


def test_causes_that_belong_together_are_a_product_or_all_needed() -> None:
    gate = Gate(samples.FLAT, "flat")
    causes = samples.FLAT_DIAGNOSIS.causes[:2]
    product = headline(gate, causes, "cause_found")
    assert "because of the product of unscaled-inputs and learning-rate-too-high: " in product
    both = headline(gate, causes, "cause_found", all_needed=True)
    assert "because of unscaled-inputs and learning-rate-too-high together: " in both

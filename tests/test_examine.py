"""All probes over subjects of every shape: nothing breaks, nothing warns, nothing is changed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from defib.evidence import Book, Evidence, Missing, Probe
from defib.examine import measure_all
from defib.probes import ORDER, all_probes
from defib.probes.before import BeforeFacts
from defib.probes.embeddings import EmbeddingFacts
from defib.probes.inputs import InputFacts, ServingFacts
from defib.probes.labels import LabelFacts
from defib.probes.loading import LoadingFacts
from defib.probes.masked import MaskedFacts
from defib.probes.outputs import SymptomFacts
from defib.probes.pairs import PairFacts
from defib.probes.reference import SignalFacts
from defib.probes.remembered import MemoryFacts
from defib.probes.shown import ShownFacts
from defib.subject import Layer, Rows, Subject
from tests.probes.fakes import FakeSubject, Step, act, dense, small

RNG = np.random.default_rng(0)


def test_a_sound_network_answers_every_probe() -> None:
    book = measure_all(small("relu", "sigmoid", X_predict=RNG.normal(size=(40, 4))))
    assert book.failed == {}
    # Hand-made: nobody watched where its weights came from; its loss compares no rows.
    assert set(book.missing) == {LoadingFacts, EmbeddingFacts, MemoryFacts, PairFacts}
    assert len(book.found) == len(ORDER) - 4
    assert book.get(SymptomFacts).symptom.pattern == "varied"
    assert book.get(SignalFacts).has_signal


def test_without_predict_rows_only_serving_is_missing() -> None:
    book = measure_all(small("relu", "sigmoid"), skip=("reference",))
    unseen = {ServingFacts, ShownFacts, LoadingFacts, SignalFacts, BeforeFacts, MaskedFacts}
    assert set(book.missing) == unseen | {EmbeddingFacts, MemoryFacts, PairFacts}
    assert book.missing[ServingFacts] == "rows that were predicted after the training"
    with pytest.raises(Missing, match="rows that were predicted"):
        book.get(ServingFacts)


def test_the_table_is_ordered_and_named_alike() -> None:
    probes = all_probes()
    assert len({probe.gives for probe in probes}) == len(probes)
    assert [probe.name for probe in probes] == list(ORDER)
    assert len({probe.name for probe in probes}) == len(ORDER)


def test_a_probe_that_breaks_is_noted_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(subject: Subject, book: Book) -> Evidence:
        raise RuntimeError("first line\nsecond line")

    import defib.examine as module

    table = (*all_probes()[:3], Probe("broken", ServingFacts, "free", breaks))
    monkeypatch.setattr(module, "all_probes", lambda seed: table)
    book = measure_all(small("relu", "sigmoid"))
    assert book.failed == {"broken": "RuntimeError: first line"}
    assert book.has(InputFacts)
    assert book.has(LabelFacts)


def random_state() -> Any:
    state: Any = np.random.get_state()
    return state[1].copy()


def test_nothing_is_changed() -> None:
    subject = small("tanh", "sigmoid", X_predict=RNG.normal(size=(9, 4)))
    assert subject.training is not None
    before = [p.end.copy() for p in subject.parameters()]
    rows, state = subject.training.X.copy(), random_state()
    measure_all(subject)
    assert all(np.array_equal(a, p.end) for a, p in zip(before, subject.parameters(), strict=True))
    assert np.array_equal(rows, subject.training.X)
    assert np.array_equal(state, random_state())


def conv(name: str) -> Step:
    return Layer(name, "conv", units=3, parameters=(f"{name}.k",)), lambda v: np.repeat(v[..., :1], 3, axis=-1)


def mean(name: str) -> Step:
    return Layer(name, "pool"), lambda v: v.reshape(len(v), -1).mean(axis=1, keepdims=True)


def sigmoid(name: str) -> Step:
    return act(name, "sigmoid", lambda v: 1 / (1 + np.exp(-np.clip(v, -50, 50))))


TABLE = RNG.normal(size=(60, 4))
WITH_NAN = RNG.normal(size=(50, 3))
WITH_NAN[::7, 1] = np.nan
EMBED: Step = (Layer("e", "embedding"), lambda v: TABLE[v])
RECUR: Step = (Layer("r", "recurrent"), lambda v: v[..., :1])
SHAPES: list[tuple[str, Any, Any, list[Step]]] = [
    ("images", RNG.normal(size=(40, 8, 8, 1)), np.arange(40) % 2, [conv("c"), mean("p"), sigmoid("s")]),
    (
        "tokens",
        RNG.integers(0, 60, (40, 9)),
        np.arange(40) % 2,
        [(Layer("e", "embedding"), lambda v: TABLE[v]), mean("p")],
    ),
    (
        "sequences",
        RNG.normal(size=(40, 9, 2)),
        RNG.integers(0, 2, (40, 9)),
        [(Layer("r", "recurrent"), lambda v: v[..., :1])],
    ),
    ("nan rows", WITH_NAN, np.arange(50) % 2, [dense("d", np.ones((3, 1))), sigmoid("s")]),
    ("all nan", np.full((30, 3), np.nan), np.arange(30) % 2, [dense("d", np.ones((3, 1)))]),
    ("one row", np.ones((1, 3)), np.ones(1), [dense("d", np.ones((3, 1)))]),
    ("four rows", np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0]), [dense("d", np.ones((2, 1)))]),
    ("one column", RNG.normal(size=40), RNG.normal(size=40), [dense("d", np.ones((1, 1)))]),
    ("constant inputs", np.ones((40, 3)), np.arange(40) % 2, [dense("d", np.ones((3, 1)))]),
    ("constant labels", RNG.normal(size=(40, 3)), np.zeros(40), [dense("d", np.ones((3, 1)))]),
    ("booleans", RNG.random((40, 3)) < 0.5, RNG.random(40) < 0.5, [dense("d", np.ones((3, 1)))]),
    ("bytes", RNG.integers(0, 255, (40, 6), dtype=np.uint8), np.arange(40) % 3, [dense("d", np.ones((6, 3)))]),
    ("huge", RNG.normal(size=(40, 3)) * 1e30, RNG.normal(size=40), [dense("d", np.ones((3, 1)))]),
    ("text labels", RNG.normal(size=(40, 3)), np.array(["a", "b"] * 20), [dense("d", np.ones((3, 1)))]),
    ("flat outputs", RNG.normal(size=(40, 3)), np.arange(40) % 2, [(Layer("s", "other"), lambda v: v.sum(axis=1))]),
    ("autoencoder", RNG.random((40, 12)), RNG.random((40, 12)), [dense("d", np.eye(12))]),
    ("no labels", RNG.normal(size=(40, 3)), None, [dense("d", np.ones((3, 1)))]),
    ("nan outputs", RNG.normal(size=(40, 3)), np.arange(40) % 2, [dense("d", np.full((3, 1), np.nan))]),
    ("float16", RNG.normal(size=(40, 3)).astype(np.float16), np.arange(40) % 2, [dense("d", np.ones((3, 1)))]),
]


@pytest.mark.parametrize(("X", "y", "steps"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_odd_shapes_break_nothing(X: Any, y: Any, steps: list[Step], framework: Any) -> None:
    subject = FakeSubject(steps, X, y, framework=framework, prediction=Rows(X[: max(len(X) // 2, 1)]))
    assert measure_all(subject).failed == {}


def test_no_framework_and_no_learner_is_imported_with_the_table() -> None:
    program = (
        "import sys, defib.probes as p; p.all_probes(); import defib.examine, defib.adapters.numpy;"
        "print(sorted({'torch', 'keras', 'tensorflow', 'tf_keras', 'sklearn', 'jax'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""What a run would have recorded behind `samples.FLAT_DIAGNOSIS`, made by hand."""

from __future__ import annotations

import numpy as np

from defib.probes.activations import ActivationFacts, LayerState
from defib.probes.columns import ColumnScales
from defib.probes.gradients import GradientFacts, LayerGradient
from defib.probes.histograms import OutputColumn, OutputHistograms
from defib.probes.looks import LookFacts
from defib.probes.modes import ModeFacts
from defib.probes.training import TrainingFacts
from defib.probes.updates import ParameterMove, UpdateFacts
from defib.reporters.background import Background, Behind
from defib.subject import TrainingTrace


def state(layer: str, spread: float, *, activation: str | None = None, dead: float | None = None) -> LayerState:
    kind = "dense" if activation is None else "activation"
    return LayerState(layer, kind, activation, dead, None, spread, spread, 0.5)


def activations(initial: tuple[LayerState, ...], end: tuple[LayerState, ...]) -> ActivationFacts:
    return ActivationFacts(initial, end, 0.7, None, "dense:relu", False, "dense:relu", None, None, None, ("relu",))


INITIAL = (state("dense", 0.5), state("dense:relu", 1e-2, activation="relu", dead=0.0), state("1", 0.3))
END = (state("dense", 0.4), state("dense:relu", 0.0, activation="relu", dead=1.0), state("1", 0.0))
TRAINING = TrainingFacts(
    4, 2, 2, False, 900.0, 0.66, 0.66, 900.0, 0.66, True, False, False, 1.0, None, 0.01, 0.01, "sgd", True
)
MOVES = (
    ParameterMove("dense/kernel", "dense", 1920, 4.4, 1.3, None, 0.1, 0.5),
    ParameterMove("dense/bias", "dense", 64, float("inf"), None, None, 0.0, 0.5),
    ParameterMove("head/kernel", "head", 64, 0.0, 0.0, "zero_gradient", 0.1, 0.1),
)
LOOKS = LookFacts(
    updates=(0, 1, 4),
    parameters=("dense/kernel", "head/kernel"),
    gradient_rms=((0.5, 2.0), (0.01, 1.0), (0.0, None)),
    relative_update=((None, None), (1.3, 0.2), (0.0, 0.1)),
    n_updates=4,
)
COUNTS = (*(0 for _ in range(25)), 114, *(0 for _ in range(14)))
HISTOGRAMS = OutputHistograms(
    edges=tuple(index / 40 for index in range(41)),
    columns=(OutputColumn(COUNTS, 0.627, (*(5 for _ in range(30)), *(0 for _ in range(10))), 0.4),),
    n_predicted=114,
    n_trained=150,
)
BEHIND = Behind(
    sources={"fit": "/w/a/train.py:12"},
    rows={"training": {"kept": 256, "seen": 455, "origin": "fit"}},
    trace=TrainingTrace(loss_per_update=np.array([900.0, 30.0, np.nan, 0.66]), n_updates=4),
    evidence={
        "ActivationFacts": activations(INITIAL, END),
        "TrainingFacts": TRAINING,
        "GradientFacts": GradientFacts(
            (LayerGradient("dense", 0, 0.5, 0.0),), None, None, False, True, True, False, (), False, None
        ),
        "UpdateFacts": UpdateFacts(MOVES, 1.0, 0.0, 0.0, 0.0, 0.1, 1.3, False, 0),
        "ColumnScales": ColumnScales(
            np.array([10.0, 0.0, 5.0]),
            np.array([1000.0, 0.1, 1.0]),
            np.array([0.0, -1.0, 5.0]),
            np.array([9e3, 1.0, 5.0]),
        ),
        "OutputHistograms": HISTOGRAMS,
        "LookFacts": LOOKS,
        "ModeFacts": ModeFacts(False, False, 0.0, 0.25, None, None, None, None, None, False),
    },
)
BACKGROUND = Background(
    script="/w/a/train.py",
    directory="/w",
    header={"argv": ("a/train.py", "--lr", "1"), "started": "2026-01-01T00:00:00+0000", "platform": "linux"},
    behind=(BEHIND,) * 9,
)


def large(layers: int, steps: int) -> Background:
    """A deep network that was trained for long, with every one of its steps in the trace."""
    states = tuple(state(f"block_{index}/dense", 0.5 ** (index % 20)) for index in range(layers))
    moves = tuple(ParameterMove(f"{one.layer}/kernel", one.layer, 4096, 0.1, 0.1, None, 0.1, 0.1) for one in states)
    loss = np.random.default_rng(0).random(steps)
    gradients = tuple(tuple(row) for row in np.random.default_rng(1).random((steps // 10, layers)).tolist())
    looks = LookFacts(tuple(range(1, steps, 10)), tuple(one.name for one in moves), gradients, gradients, steps)
    behind = Behind(
        trace=TrainingTrace(loss_per_update=loss, n_updates=steps),
        evidence={
            "ActivationFacts": activations(states, states),
            "GradientFacts": GradientFacts(
                tuple(LayerGradient(one.layer, depth, 0.5, 0.1) for depth, one in enumerate(states)),
                *(None, None, False, False, False, False, (), False, None),
            ),
            "OutputHistograms": HISTOGRAMS,
            "LookFacts": looks,
            "UpdateFacts": UpdateFacts(moves, 1.0, 0.0, 0.0, 0.0, 0.1, 0.1, False, 0),
            "ColumnScales": ColumnScales(np.ones(1000), np.ones(1000), np.ones(1000), np.ones(1000)),
        },
    )
    return Background(behind=(behind,))

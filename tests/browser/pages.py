"""The pages that the tests open."""

from __future__ import annotations

from dataclasses import replace

from defib.probes.looks import LookFacts
from defib.reporters.background import Background, Behind
from defib.reporters.html import render
from tests.reporters import recorded, samples

BREAKING_OUT = (
    "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\"'`${7*7}\x1b[31m\x00<b>end</b>"
)
"""What a model, a layer, a column or a file may be called by somebody who wants to run in the reader's browser."""


def flat() -> str:
    return render([samples.FLAT_DIAGNOSIS], recorded.BACKGROUND)


def every() -> str:
    """All outcomes on one page."""
    return render(samples.ALL, recorded.BACKGROUND)


def large(first_equal: str | None = None) -> str:
    diagnosis = replace(samples.FLAT_DIAGNOSIS, first_equal_layer=first_equal)
    return render([diagnosis], recorded.large(200, 10_000))


def long_names() -> str:
    """Layers as Transformers calls them: long, and alike but for the end."""
    stem = "distilbert.transformer.layer.0.attention"
    names = [f"{stem}.{part}" for part in ("q_lin", "k_lin", "v_lin", "out_lin")]
    states = tuple(replace(recorded.END[0], layer=name) for name in names)
    evidence = dict(recorded.BEHIND.evidence)
    evidence["ActivationFacts"] = recorded.activations(states, states)
    table = ((0.5, 2.0, 0.1, 0.2), (0.01, 1.0, 0.3, 0.4))
    evidence["LookFacts"] = LookFacts((1, 2), tuple(f"{name}.weight" for name in names), table, table, 2)
    behind = Behind(trace=recorded.BEHIND.trace, evidence=evidence)
    return render([replace(samples.FLAT_DIAGNOSIS, first_equal_layer=None)], Background(behind=(behind,)))


def hostile() -> str:
    """Every name in the Diagnosis and in what was recorded tries to break out."""
    name = BREAKING_OUT
    states = tuple(replace(one, layer=f"{name} {index}") for index, one in enumerate(recorded.END))
    evidence = dict(recorded.BEHIND.evidence)
    evidence["ActivationFacts"] = recorded.activations(states, states)
    evidence["UpdateFacts"] = replace(
        evidence["UpdateFacts"], parameters=tuple(replace(one, name=name, layer=name) for one in recorded.MOVES)
    )
    evidence["ColumnScales"] = replace(evidence["ColumnScales"], names=(name, f"{name} 2", f"{name} 3"))
    table = ((0.5, 2.0), (0.01, 1.0))
    evidence["LookFacts"] = LookFacts((1, 2), (name, f"{name} 2"), table, table, 2)
    behind = Behind(sources={"fit": f"/w/{name}.py:12"}, trace=recorded.BEHIND.trace, evidence=evidence)
    diagnosis = replace(
        samples.HOSTILE,
        model=name,
        first_equal_layer=states[1].layer,
        trials=tuple(replace(one, intervention=f"{name} {one.arm}", does=name) for one in samples.HOSTILE.trials),
    )
    return render([diagnosis], Background(script=f"/w/{name}.py", header={"argv": (name,)}, behind=(behind,)))

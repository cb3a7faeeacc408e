"""Which intervention to try next: the one that tells the surviving hypotheses apart, per second.

Each hypothesis predicts whether an intervention works (its contrast pattern). With beliefs ``w`` over
the hypotheses and predictions ``q`` the information of trying it is the mutual information between
"which hypothesis" and "does it work": ``H(Σ w q) − Σ w H(q)`` (Lindley 1956, in bits). The leading
hypothesis' own smallest fix comes first: without it there is nothing to offer.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from itertools import combinations

import numpy as np

from defib.causes import Cause, Expectation

WORKS = {"must_work": 0.9, "must_not": 0.1, "says_nothing": 0.5}
"""How sure a prediction is: a trial on few rows and seeds misleads about once in ten."""


def entropy_bits(p: float) -> float:
    """Entropy of a coin, in bits, in [0, 1].

    >>> entropy_bits(0.5)
    1.0
    """
    if p <= 0 or p >= 1:
        return 0.0
    return float(-p * np.log2(p) - (1 - p) * np.log2(1 - p))


def prediction(cause: Cause, intervention: str) -> float:
    """Probability that the intervention works if this is the cause."""
    expected: Expectation = cause.contrast.get(intervention, "says_nothing")
    if expected == "says_nothing" and intervention in cause.fixes:
        return 0.75
    return WORKS[expected]


def information_bits(beliefs: Mapping[str, float], causes: Mapping[str, Cause], intervention: str) -> float:
    """Mutual information between the hypothesis and the trial's outcome, in [0, 1] bits."""
    total = sum(beliefs.values())
    if total <= 0:
        return 0.0
    weights = {code: belief / total for code, belief in beliefs.items()}
    mixed = sum(w * prediction(causes[code], intervention) for code, w in weights.items())
    inside = sum(w * entropy_bits(prediction(causes[code], intervention)) for code, w in weights.items())
    return entropy_bits(mixed) - inside


def candidates(ranked: Sequence[Cause], limit: int = 4) -> tuple[str, ...]:
    """Interventions worth trying for the leading hypotheses: their fixes, then their contrasts."""
    names: list[str] = []
    for cause in ranked[:limit]:
        names += [*cause.fixes, *cause.contrast]
    return tuple(dict.fromkeys(names))


def order(
    ranked: Sequence[Cause], beliefs: Mapping[str, float], names: Sequence[str], sizes: Mapping[str, int]
) -> tuple[str, ...]:
    """The interventions in the order in which to try them."""
    causes = {cause.code: cause for cause in ranked}
    own_fixes = ranked[0].fixes if ranked else ()

    def key(name: str) -> tuple[float, float, int]:
        first = 0.0 if name == next((fix for fix in own_fixes if fix in names), None) else 1.0
        return first, -information_bits(beliefs, causes, name), sizes.get(name, 1)

    return tuple(sorted(names, key=key))


def update(beliefs: Mapping[str, float], causes: Mapping[str, Cause], name: str, worked: bool) -> dict[str, float]:
    """Bayes' rule on one outcome; beliefs stay normalized."""
    likelihood = {
        code: prediction(causes[code], name) if worked else 1 - prediction(causes[code], name) for code in beliefs
    }
    raw = {code: belief * likelihood[code] for code, belief in beliefs.items()}
    total = sum(raw.values()) or 1.0
    return {code: value / total for code, value in raw.items()}


def pairs(ranked: Sequence[Cause], tried: Container[str], limit: int = 4) -> tuple[tuple[str, str], ...]:
    """Fixes of two hypotheses to make together when none was enough alone: the leading ones' first fixes first.

    Only fixes that were ``tried`` alone, so that a pair that suffices is known to be minimal.
    """
    own = [[fix for fix in cause.fixes if fix in tried] for cause in ranked]
    found: list[tuple[int, tuple[str, str]]] = []
    for (i, mine), (j, theirs) in combinations(enumerate(own), 2):
        for a, one in enumerate(mine[:2]):
            found += [(i + j + 3 * (a + b), (one, other)) for b, other in enumerate(theirs[:2]) if one != other]
    first: dict[frozenset[str], tuple[str, str]] = {}
    for _, pair in sorted(found, key=lambda item: item[0]):
        first.setdefault(frozenset(pair), pair)
    return tuple(first.values())[:limit]

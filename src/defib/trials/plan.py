"""Which intervention to try next: the one that tells the surviving hypotheses apart, per second.

Each hypothesis predicts whether an intervention works (its contrast pattern). With beliefs ``w`` over
the hypotheses and predictions ``q`` the information of trying it is the mutual information between
"which hypothesis" and "does it work": ``H(Σ w q) − Σ w H(q)`` (Lindley 1956, in bits). It is divided by what the trial
costs, in trainings of the recipe as recorded. How likely a trial is to succeed plays no part, but where nothing
separates the hypotheses (one survivor, or all predict the same) the leading one's own fix is next: it must be proven.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from itertools import combinations

import numpy as np

from defib.causes import Cause, Expectation
from defib.interventions.table import FAMILIES

WORKS = {"must_work": 0.9, "must_not": 0.1, "says_nothing": 0.5}
"""How sure a prediction is: a trial on few rows and seeds misleads about once in ten."""
LIKELY = 0.75
"""A fix on a cause's own page that its contrast pattern does not insist on."""
NO_INFORMATION = 0.01
"""Bits. Less is what "no word on it" against a weak expectation gives: it separates nothing."""
CHEAPEST = 0.1
"""Trainings; the clock is not trusted below a tenth of one."""


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
    expected = _expected(cause, intervention)
    if expected == "says_nothing" and intervention in cause.fixes:
        return LIKELY
    return WORKS[expected]


def _expected(cause: Cause, intervention: str) -> Expectation:
    """What the contrast pattern says of it, or of its family: where one of several must work, each may."""
    if intervention in cause.contrast:
        return cause.contrast[intervention]
    families = [name for name, members in FAMILIES.items() if intervention in members]
    return "must_not" if any(cause.contrast.get(name) == "must_not" for name in families) else "says_nothing"


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
    ranked: Sequence[Cause],
    beliefs: Mapping[str, float],
    names: Sequence[str],
    sizes: Mapping[str, int],
    costs: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """The interventions in the order in which to try them.

    ``costs``: trainings of the recipe as recorded that each takes (1 where not named); ``sizes``: how large a change
    it is for the user. Among trials that separate nothing: the leading hypothesis' fixes, then small, then cheap ones.
    """
    causes, known = {cause.code: cause for cause in ranked}, costs or {}
    own = leading_of(ranked, beliefs).fixes if ranked else ()

    def key(name: str) -> tuple[float, float, int, float]:
        cost = max(known.get(name, 1.0), CHEAPEST)
        bits = information_bits(beliefs, causes, name)
        rank = own.index(name) if name in own else len(own)
        return -bits / cost if bits >= NO_INFORMATION else 0.0, rank, sizes.get(name, 1), cost

    return tuple(sorted(names, key=key))


def leading_of(ranked: Sequence[Cause], beliefs: Mapping[str, float]) -> Cause:
    """The hypothesis that is believed most; of equals the one that was ranked first."""
    return max(ranked, key=lambda cause: beliefs.get(cause.code, 0.0))


def update(beliefs: Mapping[str, float], causes: Mapping[str, Cause], name: str, worked: bool) -> dict[str, float]:
    """Bayes' rule on one outcome; beliefs stay normalized."""
    likelihood = {
        code: prediction(causes[code], name) if worked else 1 - prediction(causes[code], name) for code in beliefs
    }
    raw = {code: belief * likelihood[code] for code, belief in beliefs.items()}
    total = sum(raw.values()) or 1.0
    return {code: value / total for code, value in raw.items()}


def pairs(ranked: Sequence[Cause], helped: Mapping[str, float]) -> tuple[tuple[str, str], ...]:
    """Fixes of two hypotheses to make together when none was enough alone.

    What helped most alone comes first, then the leading hypotheses' first fixes.
    ``helped``: recovery alone, in [0, 1], of the fixes that can be made; 0 for those that were not tried.
    """
    own = [[fix for fix in cause.fixes if fix in helped] for cause in ranked]
    found: list[tuple[float, int, tuple[str, str]]] = []
    for (i, mine), (j, theirs) in combinations(enumerate(own), 2):
        for a, one in enumerate(mine[:2]):
            for b, other in enumerate(theirs[:2]):
                if one != other:
                    found.append((-_tenths(helped[one]) - _tenths(helped[other]), i + j + 3 * (a + b), (one, other)))
    first: dict[frozenset[str], tuple[str, str]] = {}
    for _, _, pair in sorted(found, key=lambda item: item[:2]):
        first.setdefault(frozenset(pair), pair)
    return tuple(first.values())


def _tenths(recovery: float) -> float:
    """Recovery in steps of a tenth, at least 0: less is noise of one seed."""
    return max(0.0, float(np.floor(10 * recovery))) if np.isfinite(recovery) else 0.0


def first_fixes(ranked: Sequence[Cause], known: Container[str], limit: int = 4) -> tuple[str, ...]:
    """The first fix of each leading hypothesis that can be made, in their order: the set that is made smaller."""
    firsts = (next((fix for fix in cause.fixes if fix in known), None) for cause in ranked)
    return tuple(dict.fromkeys(name for name in firsts if name is not None))[:limit]

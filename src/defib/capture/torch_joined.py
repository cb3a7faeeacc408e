"""What a loss over several rows wants of them, asked once, at the first step."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from defib.adapters.torch.partners import pairs_of
from defib.capture.torch_analysis import Analysis


def with_pairs(analysis: Analysis) -> Analysis:
    """At the first step: what its loss wants of the rows that it joins."""
    if analysis.joined is None or analysis.door.unbatched:
        return analysis
    with contextlib.suppress(Exception):  # a loss that cannot be asked about other answers is not repeated
        parts = analysis.door.parts
        return replace(analysis, pairs=pairs_of(analysis.joined, analysis.module(), parts, analysis.handed))
    return analysis

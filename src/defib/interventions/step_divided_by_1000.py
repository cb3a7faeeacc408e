"""Divide the learning rate by 1,000, everything else as recorded."""

from __future__ import annotations

from defib.interventions._steps import step

INTERVENTION = step("step-divided-by-1000", "divide the learning rate by 1,000", 0.001)

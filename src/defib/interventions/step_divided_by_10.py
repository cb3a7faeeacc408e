"""Divide the learning rate by 10, everything else as recorded."""

from __future__ import annotations

from defib.interventions._steps import step

INTERVENTION = step("step-divided-by-10", "divide the learning rate by 10", 0.1)

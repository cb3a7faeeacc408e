"""Divide the learning rate by 100, everything else as recorded."""

from __future__ import annotations

from defib.interventions._steps import step

INTERVENTION = step("step-divided-by-100", "divide the learning rate by 100", 0.01)

"""Multiply the learning rate by 10, everything else as recorded."""

from __future__ import annotations

from defib.interventions._steps import step

INTERVENTION = step("step-times-10", "multiply the learning rate by 10", 10.0)

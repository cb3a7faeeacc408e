"""Multiply the learning rate by 100, everything else as recorded."""

from __future__ import annotations

from defib.interventions._steps import step

INTERVENTION = step("step-times-100", "multiply the learning rate by 100", 100.0)

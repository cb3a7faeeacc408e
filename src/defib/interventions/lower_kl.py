"""A KL term that starts at nothing."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "lower-kl",
    "give the KL term a hundredth of its weight, or raise it from 0 over the first epochs",
    keras="""
    beta = 0.01  # of what it was, both terms summed over the same rows; or min(1, epoch / 20)
    self.add_loss(beta * kl)
    """,
    torch="""
    beta = 0.01  # of what it was, both terms summed over the same rows; or min(1, epoch / 20)
    loss = reconstruction + beta * kl
    """,
    sklearn="""
    # scikit-learn's networks draw no code
    """,
)

"""Every part of the input on the way to the output."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "wire-inputs",
    "let every part of the input reach the output",
    keras="""
    with tf.GradientTape() as tape:
        rows = tf.Variable(X_train[:8])
        total = tf.reduce_sum(model(rows))
    print(abs(tape.gradient(total, rows)).numpy().max(axis=0))  # 0, or an error: not read
    """,
    torch="""
    rows = X_train[:8].clone().requires_grad_(True)
    model(rows).sum().backward()
    print(rows.grad.abs().amax(dim=0))  # 0, or an error: this column is not read
    """,
    size=2,
)

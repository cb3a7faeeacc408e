"""Where the first NaN arises."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "find-first-nan",
    "find the operation that makes the first NaN (a division by zero, a log or root of zero or less, 0 * inf)",
    keras="""
    # TensorFlow names the operation and its line; on PyTorch torch.autograd.set_detect_anomaly(True) does
    tf.debugging.enable_check_numerics()
    model.fit(X_train, y_train)
    """,
    torch="""
    torch.autograd.set_detect_anomaly(True)  # names the line whose gradient becomes NaN first
    for name, layer in model.named_modules():  # and this the first layer whose output is
        layer.register_forward_hook(lambda m, i, out, n=name: print(n, bool(torch.isnan(out).any())))
    """,
    jax="""
    jax.config.update("jax_debug_nans", True)  # stops at the first operation that makes a NaN
    """,
    size=3,
)

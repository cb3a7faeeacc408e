"""JAX in memory: `subject` makes plain functions of ``apply``, ``params`` and ``loss`` a Subject for `defib.diagnose`.

::

    subject = defib.jax.subject(predict, params, X_train, y_train, loss=loss, optimizer=optax.adam(1e-3), epochs=20)
    print(defib.diagnose(subject))

A Flax NNX module needs no Subject: ``defib.diagnose(model, X_train, y_train, recipe=defib.Recipe(...))``.
"""

from __future__ import annotations

from defib.adapters.jax import subject

__all__ = ["subject"]

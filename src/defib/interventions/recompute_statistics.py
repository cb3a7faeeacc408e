"""Running means and variances of batch normalization recomputed over the training rows."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.probes.modes import ModeFacts
from defib.recipe import Arm


def _applies(book: Book) -> str | None:
    return None if book.get(ModeFacts).has_batch_norm else "the model keeps no running statistics"


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        jax="""
        model.train()
        for start in range(0, len(X_train), 256):
            model(X_train[start : start + 256])  # updates the statistics, not the weights
        model.eval()
        # Linen: keep what each step gives back, for the next step and for the prediction
        out, new = model.apply({"params": params, "batch_stats": batch_stats}, x, train=True, mutable=["batch_stats"])
        batch_stats = new["batch_stats"]
        """,
        keras="""
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = 0.9
        for epoch in range(20):
            for start in range(0, len(X_train), 256):
                model(X_train[start : start + 256], training=True)  # updates the statistics, not the weights
        """,
        torch="""
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.reset_running_stats()
                module.momentum = None  # a plain average over all batches
        model.train()
        with torch.no_grad():
            for start in range(0, len(X_train), 256):
                model(X_train[start : start + 256])
        model.eval()
        """,
    )


INTERVENTION = Intervention(
    name="recompute-statistics",
    does="recompute the running statistics of batch normalization over the training rows",
    kind="train",
    arm=lambda book: Arm(recomputed_statistics=True),
    applies=_applies,
    code=_code,
    size=2,
)

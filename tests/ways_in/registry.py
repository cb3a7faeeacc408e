"""The ways in: which programs stand for each, through which doors they are tried, and what must come first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PROGRAMS: Final = Path(__file__).resolve().parent / "programs"
HEALTHY: Final = ""
"""In `Way.programs`: nothing is to be repaired."""


@dataclass(frozen=True)
class Way:
    """One way in; one row of the compatibility table."""

    name: str
    packages: tuple[str, ...]
    """What is tested, by the names in ``constraints.txt``: their versions stand in the table."""
    programs: Mapping[str, str]
    """File in ``programs/`` without its ending → names of the causes of which one must come first, by spaces."""
    api: str | None = None
    """An expression that gives a diagnosis, in the globals of a program that has ended."""
    callback: tuple[str, str] | None = None
    """A line (or part of one) of the programs, and the same with the callback in it, bound to ``monitor``."""
    note: str = ""
    """For the table: what these programs use of the framework."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment of the process they run in."""
    launcher: tuple[str, ...] = ()
    """Between ``python -m`` and the worker: ``("torch.distributed.run", "--nproc-per-node=2", "-m")``."""

    @property
    def slug(self) -> str:
        """A name for files and test ids."""
        return "".join(one if one.isalnum() else "_" for one in self.name.lower())

    @property
    def doors(self) -> tuple[str, ...]:
        """The doors that are tried, in the order of the table."""
        return ("run", *(("api",) if self.api else ()), *(("callback",) if self.callback else ()))


RECIPE: Final = "loss=criterion, optimizer=optimizer, epochs=9"
WATCH: Final = "monitor = __import__('defib').watch(trials=False).start()"
LOOP: Final = ("\nfor epoch in range(", f"\n{WATCH}\nfor epoch in range(")
"""`defib.watch` right before the loop."""
KERAS: Final = {
    "keras_churn": HEALTHY,
    "keras_softmax_of_one": "single-unit-softmax",
    "keras_prices_under_sigmoid": "labels-outside-output-range",
}
DIAGNOSE: Final = "defib.diagnose(model, X, y, trials=False)"
MONITOR: Final = (
    "epochs=",
    "callbacks=[monitor := __import__('defib').keras.Monitor(trials=False, quiet=True)], epochs=",
)

WAYS: Final[tuple[Way, ...]] = (
    Way(
        "PyTorch",
        ("torch",),
        {
            "torch_loop": HEALTHY,
            "torch_broadcast": "broadcast-loss",
            "torch_dead": "unscaled-inputs learning-rate-too-high dead-relus",
        },
        api=f"defib.diagnose(model, X, y, recipe=defib.Recipe({RECIPE}), trials=False)",
        callback=("torch.manual_seed(", f"{WATCH}\ntorch.manual_seed("),
        note="raw loops: dict batches, autocast, accumulation, schedule; L-BFGS with a closure; a class with fit",
    ),
    Way(
        "torch.distributed",
        ("torch",),
        {
            "ddp_sampler": HEALTHY,
            "ddp_raw": "unscaled-inputs learning-rate-too-high",
            "ddp_softmax": "single-unit-softmax",
        },
        api="defib.diagnose(model, X, y, X_predict=X_test, trials=False, "
        "recipe=defib.Recipe(criterion, optimizer, epochs=8, batch_size=40))",
        callback=LOOP,
        launcher=("torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"),
        note="DistributedDataParallel under torchrun, gloo, two processes",
    ),
    Way(
        "scikit-learn",
        ("scikit-learn",),
        {
            "sklearn_pipeline": HEALTHY,
            "sklearn_constant": "unscaled-inputs learning-rate-too-high",
            "sklearn_plateau": "stopped-on-plateau",
        },
        api="defib.diagnose(model, X, y)",
        callback=("\nX, X_test, y, y_test =", f"\n{WATCH}\nX, X_test, y, y_test ="),
        note="MLPClassifier alone, and in a Pipeline inside GridSearchCV",
    ),
    *(
        Way(
            f"Keras 3 on {name}",
            ("keras", package),
            KERAS,
            api=DIAGNOSE,
            callback=MONITOR,
            note=f"fit on arrays and a PyDataset, a Normalization layer inside the model{more}",
            env={"KERAS_BACKEND": backend},
        )
        for name, package, backend, more in (
            ("TensorFlow", "tensorflow", "tensorflow", ""),
            (
                *("PyTorch", "torch", "torch"),
                "; with jit_compile Keras alone compiles for minutes there, and trials run uncompiled",
            ),
            ("JAX", "jax", "jax", ""),
        )
    ),
    *(
        Way(
            f"Keras 3 on {name}, several outputs",
            ("keras", package),
            {
                "keras_two_outputs": HEALTHY,
                "keras_two_outputs_softmax": "single-unit-softmax",
                "keras_two_outputs_range": "labels-outside-output-range",
            },
            api=DIAGNOSE,
            callback=MONITOR,
            note="lists and dicts of outputs, two inputs, loss_weights, a class with a call of its own",
            env={"KERAS_BACKEND": backend},
        )
        for name, package, backend in (("TensorFlow", "tensorflow", "tensorflow"), ("JAX", "jax", "jax"))
    ),
    Way(
        "PyTorch loop over a Keras model",
        ("keras", "torch"),
        {
            "keras_torch_loop": HEALTHY,
            "keras_torch_prices": "labels-outside-output-range",
            "keras_torch_softmax": "single-unit-softmax",
            "keras_torch_broadcast": "broadcast-loss",
        },
        api="defib.diagnose(model, X, y, trials=False, recipe=defib.Recipe(globals().get('criterion') or "
        "globals().get('loss_fn') or torch.nn.functional.mse_loss, optimizer, epochs=epoch + 1, batch_size=32))",
        callback=LOOP,
        note="backward by hand, optimizers of PyTorch and of Keras",
        env={"KERAS_BACKEND": "torch"},
    ),
    Way(
        "legacy tf_keras",
        ("tf_keras", "tensorflow"),
        {f"tf_{name}": cause for name, cause in KERAS.items()},
        api="defib.diagnose(model, X.astype('float32'), y, trials=False)",
        callback=MONITOR,
        note="tf.keras of old scripts with TF_USE_LEGACY_KERAS=1: fit on arrays, a generator and tf.data",
        env={"TF_USE_LEGACY_KERAS": "1"},
    ),
    Way(
        "Lightning",
        ("lightning", "pytorch-lightning", "torch"),
        {
            "lightning_healthy": HEALTHY,
            "lightning_raw_inputs": "unscaled-inputs",
            "lightning_broadcast": "broadcast-loss",
        },
        api="defib.diagnose(model, X, y, budget=30,"
        " recipe=defib.Recipe(model.loss, trainer.optimizers[0], trainer.max_epochs, batch_size=32))",
        callback=("callbacks=[]", "callbacks=[monitor := __import__('defib').lightning.Monitor(trials=False)]"),
        note="both names of the library, automatic and manual optimization, LightningDataModule, `predict`, `test`",
    ),
    Way(
        "Transformers",
        ("transformers", "accelerate", "torch"),
        {
            "transformers_healthy": HEALTHY,
            "transformers_step": "learning-rate-too-high",
            "transformers_regression": "target-scale",
        },
        api="defib.diagnose(trainer, budget=60)",
        callback=("callbacks=[]", "callbacks=[monitor := __import__('defib').transformers.Monitor(trials=False)]"),
        note="`Trainer`: tiny BERT and DistilBERT, a padding collator, warm-up, gradient accumulation, `predict`",
    ),
    Way(
        "skorch",
        ("skorch", "torch"),
        {
            "skorch_healthy": HEALTHY,
            "skorch_target": "target-scale",
            "skorch_broadcast": "broadcast-loss",
        },
        api="defib.diagnose(model, X, y, budget=20)",
        callback=("callbacks=[]", "callbacks=[monitor := __import__('defib').skorch.Monitor(trials=False)]"),
        note="classifiers and a regressor, alone and in a Pipeline inside GridSearchCV",
    ),
    Way(
        "Accelerate",
        ("accelerate", "torch"),
        {
            "accelerate_healthy": HEALTHY,
            "accelerate_raw_inputs": "unscaled-inputs",
            "accelerate_head": "single-unit-softmax",
        },
        api="defib.diagnose(model, X, y, trials=False,"
        " recipe=defib.Recipe(criterion, optimizer.optimizer, epochs=8, batch_size=32))",
        callback=LOOP,
        note="`accelerator.backward`, `accumulate`, `clip_grad_norm_`",
    ),
    Way(
        "Flax NNX",
        ("flax", "jax", "optax"),
        {
            "nnx_healthy": HEALTHY,
            "nnx_raw": "unscaled-inputs learning-rate-too-high",
            "nnx_softmax": "single-unit-softmax",
        },
        api="defib.diagnose(model, X, y, X_predict=X_test, trials=False, "
        "recipe=defib.Recipe(loss=bce, optimizer=optimizer, epochs=10, batch_size=32))",
        callback=LOOP,
        note="nnx.Module and nnx.Optimizer, compiled by nnx.jit or not",
    ),
    Way(
        "Flax Linen",
        ("flax", "jax", "optax"),
        {
            "linen_healthy": HEALTHY,
            "linen_zeros": "zero-or-symmetric-initialization",
            "linen_frozen": "frozen-parameters",
        },
        api="defib.diagnose(defib.jax.subject(lambda params, x: net.apply({'params': params}, x), model, X, y, "
        "loss=loss, optimizer=tx, epochs=10, batch_size=40, init_params=first, X_predict=X_test), trials=False)",
        callback=LOOP,
        note="a TrainState in a compiled step, masks of optax",
    ),
    Way(
        "JAX",
        ("jax", "optax"),
        {
            "jax_healthy": HEALTHY,
            "jax_large_step": "learning-rate-too-high",
            "jax_broadcast": "broadcast-loss",
        },
        api="defib.diagnose(defib.jax.subject(predict, model, X, y, loss=loss, optimizer=__import__('optax').sgd("
        "globals().get('LEARNING_RATE', 0.01)), epochs=10, batch_size=32, init_params=first, X_predict=X_test), "
        "trials=False)",
        callback=LOOP,
        note="plain functions, steps by hand or by optax",
    ),
)
"""In the order of the table."""

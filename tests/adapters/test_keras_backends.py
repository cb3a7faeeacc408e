"""Keras on PyTorch and on JAX: the contract tests of the Keras adapter again, in a process of their own per backend.

The oracle is the same NumPy network as for TensorFlow: forward pass and activations per layer, gradients, loss, single
steps of SGD, momentum and Adam, and that looking and watching leave no trace. One backend can be used per process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = {
    "adapters/test_contract.py": (
        "test_an_adapter_agrees_with_the_numpy_network[keras-binary-sgd]",
        "test_an_adapter_agrees_with_the_numpy_network[keras-classes-adam]",
        "test_an_adapter_agrees_with_the_numpy_network[keras-regression-momentum]",
    ),
    "adapters/test_keras.py": (
        "test_forward_gives_every_layer_with_fused_activations_split",
        "test_gradients_and_loss_equal_the_formula",
        "test_frozen_parameters_have_gradients_too",
        "test_three_momentum_steps_equal_the_formula",
        "test_one_adam_step_moves_every_weight_by_the_learning_rate",
        "test_a_schedule_is_kept_and_scaled",
        "test_class_weight_and_targets_out_of_the_graph",
        "test_batch_norm_and_dropout_follow_the_mode_and_forget_it",
        "test_trials_repeat_bit_for_bit_and_seeds_differ",
        "test_nothing_is_left_behind",
    ),
    "adapters/test_keras_edits.py": (
        "test_head_and_loss",
        "test_canonical_losses_equal_the_formulas",
        "test_regularization_factor",
        "test_recomputed_statistics_are_those_of_all_rows",
    ),
    "adapters/test_keras_subclassed.py": tuple(
        f"test_edits_reach_layers_and_functions_inside_a_class[keras-{edit}]" for edit in ("batch_norm", "relu", "head")
    ),
    "capture/test_keras_views.py": (
        "test_watching_several_inputs_changes_nothing",
        "test_a_dataset_of_dicts",
        "test_a_class_of_ones_own_that_takes_several_inputs[keras-dict]",
        "test_every_output_is_a_subject_of_its_own[keras-True]",
    ),
}


COMPILED = tuple(
    f"{test}[{way}]"
    for test in ("test_the_steps_are_counted_and_replayed", "test_the_cause_stays_the_same")
    for way in ("jit_compile", "steps_per_execution", "sample_weight")
)
"""For JAX: on PyTorch Keras refuses several steps per execution, and what it compiles takes a minute."""


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_the_contract_holds(backend: str) -> None:
    own = {"capture/test_keras_compiled.py": COMPILED} if backend == "jax" else {}
    tests = [
        f"tests/{file}::{name if name.endswith(']') else name + '[keras]'}"
        for file, names in {**CONTRACT, **own}.items()
        for name in names
    ]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    environment.pop("PYTEST_CURRENT_TEST", None)
    ended = subprocess.run(
        # Keras' own variables convert themselves to arrays in a way that NumPy deprecates
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore:__array__", *tests],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    assert re.search(rf"^{len(tests)} passed", ended.stdout, re.M), ended.stdout[-500:]

"""A trained clone, looked into: see `defib.subject.Inside`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, final

import torch

from defib.adapters.torch.arrays import to_numpy
from defib.adapters.torch.clone import all_parameters, state_of
from defib.adapters.torch.network import Network
from defib.adapters.torch.objective import label_tensor, objective_for
from defib.adapters.torch.passes import recorded_pass
from defib.adapters.torch.quiet import quiet
from defib.recipe import Arm
from defib.subject import AnyArray, FloatArray, ForwardPass, Gradient, Inside, Parameter

STATISTICS = {"running_mean": "mean", "running_var": "variance"}


@final
class TorchInside(Inside):
    """Rows come as they are: the arm's transforms were made by whoever asks."""

    def __init__(self, network: Network, arm: Arm) -> None:
        self._network = network
        self._arm = replace(arm, inputs=None, targets=None)

    def _named(self) -> dict[str, Any]:
        """The module's own parameters, and those of what the edits put in."""
        added = {f"added.{name}": one for name, one in self._network.extras.named_parameters()}
        return {**dict(all_parameters(self._network.module)), **added}

    def parameters(self) -> tuple[Parameter, ...]:
        """Trainable is what the arm's optimizer moved."""
        found = [
            Parameter(name, name.rpartition(".")[0] or name, None, to_numpy(one), one.requires_grad, one.requires_grad)
            for name, one in self._named().items()
        ]
        return tuple(sorted(found, key=lambda one: not one.trainable))

    def buffers(self) -> dict[str, FloatArray]:
        """Running means and variances of the norm layers."""
        found = {}
        for name, value in state_of(self._network.module).items():
            path, _, last = name.rpartition(".")
            if last in STATISTICS:
                found[f"{path}.{STATISTICS[last]}" if path else STATISTICS[last]] = to_numpy(value)
        return found

    def forward(self, X: AnyArray, *, training: bool = False) -> ForwardPass:
        """Every layer, added ones included."""
        with quiet(seed=0):
            return recorded_pass(self._network.train() if training else self._network.eval(), X)

    def gradients(self, X: AnyArray, y: AnyArray) -> tuple[Gradient, ...]:
        """Training mode, all rows as one batch, frozen parameters included."""
        named = self._named()
        flags = {name: one.requires_grad for name, one in named.items()}
        try:
            for one in named.values():
                one.requires_grad_(one.is_floating_point())
            with quiet(seed=0):
                self._network.train()
                loss = self._loss(X, y)
                values = (
                    torch.autograd.grad(loss, list(named.values()), allow_unused=True)
                    if loss.requires_grad
                    else [None] * len(named)
                )
        finally:
            for name, one in named.items():
                one.requires_grad_(flags[name])
        return tuple(
            Gradient(name, None if value is None else to_numpy(value))
            for name, value in zip(named, values, strict=True)
        )

    def loss(self, X: AnyArray, y: AnyArray) -> float:
        """Evaluation mode, all rows as one batch."""
        with quiet(seed=0), torch.no_grad():
            self._network.eval()
            return float(self._loss(X, y))

    def _loss(self, X: AnyArray, y: AnyArray) -> Any:
        network = self._network
        objective: Callable[..., Any] = objective_for(network, self._arm)
        training = network.module.training
        labels = label_tensor(network, self._arm, X, y)  # may switch the mode to learn a shape
        network.train() if training else network.eval()
        tensors = network.tensors(X)
        if not network.door.unbatched:
            return objective(network, tensors, network.outputs(tensors), labels)
        losses = [
            objective(network, rows, network.outputs(rows), labels[i])
            for i in range(len(X))
            for rows in [[one[i : i + 1] for one in tensors]]
        ]
        return torch.stack(losses).mean()

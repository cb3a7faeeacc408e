"""A PyTorch model, its rows and its recipe, behind the Subject protocol."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, final

import numpy as np
import torch

from defib.adapters.torch.arrays import to_numpy
from defib.adapters.torch.captured import Captured
from defib.adapters.torch.clone import all_parameters, hidden_parameters, state_of, unwrapped
from defib.adapters.torch.edits import DRY_ROWS, Impossible, apply_edits
from defib.adapters.torch.initial import fresh_values, redrawn
from defib.adapters.torch.layout import laid
from defib.adapters.torch.network import Network
from defib.adapters.torch.objective import UserLoss, label_tensor, loss_edit, objective_for, side_factor
from defib.adapters.torch.optimizer import build_optimizer, trainable_names
from defib.adapters.torch.passes import recorded_pass
from defib.adapters.torch.quiet import fitting_threads, quiet
from defib.adapters.torch.remembered import candidates_in, memories_of, memory_of
from defib.adapters.torch.statistics import recompute_statistics
from defib.adapters.torch.terms import side_terms, with_terms_times
from defib.adapters.torch.train import Loop, TorchTrained, course_of
from defib.adapters.watched import WatchedSubject
from defib.numbered import numbered_like
from defib.recipe import Arm, Edit, TrainingRecipe
from defib.subject import (
    AnyArray,
    FloatArray,
    ForwardPass,
    Gradient,
    Memory,
    Moment,
    NotAvailable,
    Parameter,
    Rows,
    Trained,
    TrainingTrace,
)

CALLS: Final = 256
"""Calls of the program's that are made again to see what the network remembers."""
PENALTY_ROWS: Final = 32
"""Rows that a penalty on the weights is asked with; it does not depend on them."""
DRAW_SEED: Final = 7_000
"""Added to the seed of a trial for what its edits draw, so that it differs from the initial weights' draw."""


@final
class TorchSubject(WatchedSubject[Captured]):
    """See `Subject`. Every method works on clones; the user's module is read, never run and never changed."""

    framework = "torch"

    def __init__(self, captured: Captured, recipe: TrainingRecipe, trace: TrainingTrace, **known: Any) -> None:
        super().__init__(captured, recipe, trace, **known)
        self._reasons: dict[tuple[Edit, ...], str | None] = {}
        self._memories: tuple[tuple[str, str], ...] | None = None

    @property
    def link(self) -> str:
        """What turns the model's outputs into probabilities: ``identity``, ``sigmoid``, ``softmax`` or ``exp``."""
        return self.captured.link

    @property
    def outputs_joined(self) -> bool:  # type: ignore[override]
        """Whether the loss takes more than one output: two towers, several heads."""
        program = self.captured.program
        return program is not None and len({leaf.key for leaf in program.of("output")}) > 1

    def parameters(self) -> tuple[Parameter, ...]:
        """All weights, trainable first."""
        initial = self.captured.initial or {}
        record = self.captured.optimizer
        known = {name for name, _ in unwrapped(self.captured.module).named_parameters()}
        found = [
            Parameter(
                name,
                name.rpartition(".")[0] or name,
                to_numpy(initial[name]) if name in initial else None,
                to_numpy(one),
                bool(one.requires_grad),
                None if record is None else name in record.held,
                self.captured.gradients.get(name),  # type: ignore[arg-type]
                name in known,
            )
            for name, one in self._named()
        ]
        return tuple(sorted(found, key=lambda one: not one.trainable))

    def _named(self) -> list[tuple[str, Any]]:
        """Of parameters that are not registered, those that the loss uses: others may be hidden on purpose."""
        module, words = unwrapped(self.captured.module), self.captured.gradients
        hidden = [(n, one) for n, one in hidden_parameters(module) if words.get(n) in ("nonzero", "nan", "cleared")]
        return [*module.named_parameters(), *hidden]

    def buffers(self, *, moment: Moment = "end") -> dict[str, FloatArray]:
        """Running means and variances of norm layers, by ``layer.mean`` and ``layer.variance``."""
        state = self._state(moment) or state_of(unwrapped(self.captured.module))
        names = {"running_mean": "mean", "running_var": "variance"}
        return {
            f"{path}.{names[last]}" if path else names[last]: to_numpy(value)
            for (path, _, last), value in ((name.rpartition("."), value) for name, value in state.items())
            if last in names
        }

    def _state(self, moment: Moment) -> Mapping[str, Any] | None:
        if moment == "end":
            return None
        if self.captured.initial is None:
            raise NotAvailable("the initial weights")
        return self.captured.initial

    def _clone(self, state: Mapping[str, Any] | None) -> Network:
        """A clone that answers every call afresh, whatever the user's own network remembers."""
        if self._memories is None:
            self._memories = ()  # until it is known
            self._memories = self._find_memories()
        return Network(self.captured, state, self._memories)

    def _find_memories(self) -> tuple[tuple[str, str], ...]:
        rows = self.prediction if self.prediction is not None else self.training
        some = next(candidates_in(unwrapped(self.captured.module)), None)
        if rows is None or len(rows) < 2 or some is None or self.captured.whole is not None:
            return ()
        size = min(
            self.serving_calls.sizes[0] if self.serving_calls and self.serving_calls.sizes else 1, len(rows) // 2
        )
        with quiet(seed=0):
            return memories_of(self._clone(None), rows.X[:size], rows.X[size : 2 * size])

    def remembered(self) -> Memory | None:
        """See `Subject.remembered`; at most `CALLS` calls."""
        rows, calls = self.prediction, self.serving_calls
        if rows is None:
            raise NotAvailable("rows that were predicted")
        with quiet(seed=0):
            network = self._clone(None).eval()
            if not network.memories:
                return None
            sizes = calls.sizes if calls is not None and sum(calls.sizes) == len(rows) else (1,) * len(rows)
            return memory_of(network, rows.X, sizes[:CALLS])

    def forward(self, X: AnyArray, *, moment: Moment = "end", training: bool = False) -> ForwardPass:
        """Send rows through a clone and record every layer."""
        with quiet(seed=0):
            network = self._clone(self._state(moment))
            network = network.train() if training else network.eval()
            if network.captured.whole is not None or network.door.unbatched:
                return recorded_pass(network, X)
            return self._sent(np.asanyarray(X), lambda rows: recorded_pass(network, rows))

    def gradients(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Gradient of the user's loss, training mode, all rows as one batch."""
        X, y = self._one_batch(np.asanyarray(X), y)
        with quiet(seed=0):
            network = self._clone(self._state(moment)).train()
            named = dict(all_parameters(network.module))
            for one in named.values():
                one.requires_grad_(one.is_floating_point())
            if self.captured.without_grad:
                return tuple(Gradient(name, None) for name in named)
            loss = self._loss(network, np.asanyarray(X), y)
            if not loss.requires_grad:
                return tuple(Gradient(name, None) for name in named)
            values = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
        return tuple(
            Gradient(name, None if value is None else to_numpy(value))
            for name, value in zip(named, values, strict=True)
        )

    penalties_in_loss = True

    def _has_terms(self, of: Literal["outputs", "weights"]) -> bool:
        program = self.captured.program
        return program is not None and any(term.of == of for term in side_terms(program))

    def penalties(self, *, moment: Moment = "end") -> tuple[Gradient, ...]:
        """Of terms that the program adds to its loss by hand, where these hold weights alone."""
        program, rows = self.captured.program, self.training
        if program is None or rows is None or not self._has_terms("weights"):
            return ()
        with quiet(seed=0):
            network = self._clone(self._state(moment)).eval()
            named = dict(network.module.named_parameters())
            for one in named.values():
                one.requires_grad_(one.is_floating_point())
            few = slice(0, self.only_in_batches_of or PENALTY_ROWS)
            X, y = np.asanyarray(rows.X)[few], None if rows.y is None else rows.y[few]
            tensors, labels = network.tensors(X), label_tensor(network, Arm(), X, y)
            outputs = [one.detach() for one in network.outputs(tensors)]
            loss = UserLoss(program, network)(network, tensors, outputs, labels)
            without = UserLoss(with_terms_times(program, weights=0.0), network)(network, tensors, outputs, labels)
            values = torch.autograd.grad(loss - without, list(named.values()), allow_unused=True)
        pairs = zip(named, values, strict=True)
        return tuple(Gradient(name, to_numpy(value)) for name, value in pairs if value is not None)

    def loss(self, X: AnyArray, y: AnyArray, *, moment: Moment = "end") -> float:
        """The user's loss, evaluation mode, all rows as one batch."""
        X, y = self._one_batch(np.asanyarray(X), y)
        with quiet(seed=0), torch.no_grad():
            network = self._clone(self._state(moment)).eval()
            return float(self._loss(network, np.asanyarray(X), y))

    def _loss(self, network: Network, X: AnyArray, y: AnyArray | None) -> Any:
        if self.captured.program is None:
            raise NotAvailable("the loss")
        objective = UserLoss(self.captured.program, network)
        labels = label_tensor(network, Arm(), X, y)
        tensors = network.tensors(X)
        if not network.door.unbatched:
            return objective(network, tensors, network.outputs(tensors), labels)
        losses = [
            objective(network, rows, network.outputs(rows), labels[i])
            for i in range(len(X))
            for rows in [[one[i : i + 1] for one in tensors]]
        ]
        return torch.stack(losses).mean()

    def losses_of(self, outputs: Sequence[FloatArray], X: AnyArray, y: AnyArray) -> tuple[float, ...]:
        """See `Subject.losses_of`."""
        if self.captured.program is None:
            raise NotAvailable("the loss")
        if self.only_in_batches_of:
            raise NotAvailable("a loss over any number of rows")
        with quiet(seed=0), torch.no_grad():
            network = self._clone(None).eval()
            if network.door.unbatched:
                raise NotAvailable("a loss over several rows")
            objective = UserLoss(self.captured.program, network)
            labels, tensors = label_tensor(network, Arm(), np.asanyarray(X), y), network.tensors(np.asanyarray(X))
            given = network.outputs(tensors)
            at = min(self.captured.selected, len(given) - 1)
            found = []
            for one in outputs:
                wished = torch.as_tensor(np.array(one), dtype=given[at].dtype, device=given[at].device)
                wished = laid(wished, network.door.lie(at), flat=False).reshape(given[at].shape)
                answers = [*given[:at], wished, *given[at + 1 :]]
                found.append(float(objective(network, tensors, answers, labels)))
            return tuple(found)

    def at_the_door(self, arm: Arm, X: AnyArray) -> AnyArray:
        """Behind the transform, which leaves columns alone that are looked up."""
        return super().at_the_door(self._sparing_ids(arm), X)

    def _sparing_ids(self, arm: Arm) -> Arm:
        door = self.captured.door
        return arm if arm.inputs is None or door is None else replace(arm, inputs=door.spared(arm.inputs))

    def can_train(self, arm: Arm) -> str | None:
        """``None``, or why not, as a clause."""
        if self.recipe.optimizer is None or self.captured.optimizer is None:
            return "the optimizer is not known"
        if self.captured.program is None and loss_edit(arm) is None:
            return "the loss is not known"
        if self.training is None:
            return "no training rows were seen"
        if self.only_in_batches_of:
            return self._why_only_in_batches()
        if side_factor(arm) != 1.0 and not self._has_terms("outputs"):
            return "no term of the loss holds outputs and no labels"
        if arm.edits not in self._reasons:
            self._reasons[arm.edits] = self._reason(arm, self.training)
        return self._reasons[arm.edits]

    def _reason(self, arm: Arm, rows: Rows) -> str | None:
        """Make the edits on a clone and send a few rows through loss and all."""
        few = self.captured.only_full or DRY_ROWS
        X, y = rows.X[:few], None if rows.y is None else rows.y[:few]
        try:
            with quiet(seed=0):
                network = self._network(arm, X, seed=0)
                labels = label_tensor(network, arm, X, y)
                network.train(None if arm.loop == "canonical" else self.captured.modes)
                tensors = network.tensors(X)
                if network.door.unbatched:
                    tensors, labels = tuple(one[:1] for one in tensors), labels[0]
                objective_for(network, arm)(network, tensors, network.outputs(tensors), labels)
        except Impossible as error:
            return str(error)
        except NotAvailable as error:
            return f"it needs {error}"
        except Exception as error:
            return f"the changed model does not run ({type(error).__name__}: {str(error).splitlines()[0][:120]})"
        return None

    def _network(self, arm: Arm, X: AnyArray, *, seed: int) -> Network:
        network = self._clone(self._initial(seed))
        if network.whole_X is not None and arm.inputs is not None:
            network.whole_X = arm.inputs(network.whole_X)
        torch.default_generator.manual_seed(DRAW_SEED + seed)
        for parameter in network.module.parameters():
            parameter.grad = None
        apply_edits(network, arm.edits, X)
        return network

    def _initial(self, seed: int) -> Mapping[str, Any]:
        captured = self.captured
        module = unwrapped(captured.module)
        torch.default_generator.manual_seed(seed)
        if captured.initial is None:
            return {**state_of(module), **fresh_values(module)}
        if seed == 0 or captured.loaded:
            return captured.initial
        return redrawn(module, captured.initial, seed=seed)

    def train(self, arm: Arm, rows: Rows, *, seed: int, deadline: float | None = None) -> Trained:
        """Train a clone. Raises `NotAvailable` or `BudgetExceeded`."""
        reason = self.can_train(arm)
        if reason is not None:
            raise NotAvailable(reason)
        arm = self._sparing_ids(arm)
        with quiet(seed=seed):
            started = time.monotonic()
            X = numbered_like(arm.inputs(rows.X), rows.X) if arm.inputs is not None else np.asanyarray(rows.X)
            network = self._network(arm, X, seed=seed)
            y = label_tensor(network, arm, X, rows.y, rows.X)
            tensors = network.tensors(X)
            losses = self._run(network, arm, tensors, y, seed, deadline)
            if arm.recomputed_statistics:
                recompute_statistics(network, tensors)
            for parameter in network.module.parameters():
                parameter.grad = None
        trained = TorchTrained(network, arm, losses, time.monotonic() - started)
        trained.n_updates = course_of(self.recipe, self.captured, arm, len(tensors[0])).taken(arm)
        return trained

    def _run(
        self, network: Network, arm: Arm, tensors: Sequence[Any], y: Any, seed: int, deadline: float | None
    ) -> FloatArray:
        named = dict(all_parameters(network.module))
        names = set(trainable_names(self.captured, named, arm))
        for name, one in named.items():
            one.requires_grad_(name in names)
        extras = list(network.extras.parameters()) if names else []
        kept = {name: one for name, one in named.items() if name in names}
        optimizer = build_optimizer(self.captured, kept, extras, arm) if kept else None
        network.train(None if arm.loop == "canonical" else self.captured.modes)
        objective = objective_for(network, arm)
        course = course_of(self.recipe, self.captured, arm, len(tensors[0]))
        loop = Loop(network, objective, optimizer, arm, course, deadline)
        torch.default_generator.manual_seed(seed)
        work = course.batch * sum(one.numel() for one in named.values())
        with fitting_threads(work):
            return loop.run(tensors, y, seed) if optimizer is not None else loop.measure(tensors, y, seed)

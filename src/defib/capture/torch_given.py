"""From what is at hand after a training: ``defib.diagnose(trainer)``, ``defib.diagnose(model, loader)``."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch

from defib.adapters.torch.arrays import tensors_in, to_numpy
from defib.adapters.torch.clone import floating_of, is_uninitialized, unwrapped
from defib.adapters.torch.subject import TorchSubject
from defib.capture.lightning_by_hand import by_hand
from defib.capture.torch_fits import Fit
from defib.capture.torch_handed import Batches, as_call, cut, drawn, is_dataset, joined, on_device
from defib.capture.torch_rehearsal import Known, Step, bare_optimizer, rehearsed, same_torch_state
from defib.capture.transformers_fit import read_state
from defib.errors import InputError, ModelError
from defib.recipe import Recipe
from defib.subject import Rows

TRAINERS: Final[Mapping[str, str]] = {
    "transformers.trainer": "Trainer",
    "lightning.pytorch.trainer.trainer": "Trainer",
    "pytorch_lightning.trainer.trainer": "Trainer",
}
MODULES: Final = ("lightning.pytorch.core.module", "pytorch_lightning.core.module")


def is_trainer(model: Any) -> bool:
    """Whether it is a trainer, which holds model and rows itself."""
    return any(
        isinstance(model, getattr(sys.modules[module], name))
        for module, name in TRAINERS.items()
        if module in sys.modules
    )


@same_torch_state()
def subject_from_trainer(trainer: Any, X: Any, y: Any, X_predict: Any, recipe: Recipe) -> TorchSubject:
    """A Subject of what a trainer of Transformers or Lightning has trained.

    Args:
        trainer: after its training; it is not changed, and its model is cloned.
        X: training rows: a dataset, a loader, a data module, arrays; those of the trainer when not given.
        y: labels of ``X``, where that is arrays.
        X_predict: other rows, of the same kinds; the trainer's validation rows when not given.
        recipe: what is given here goes before what the trainer says.

    Raises:
        InputError: where the trainer has no rows any more.
        ModelError: where it has trained nothing, or its step cannot be repeated.
    """
    module = "transformers.trainer"
    if module in sys.modules and isinstance(trainer, sys.modules[module].Trainer):
        return _of_transformers(trainer, X, y, X_predict, recipe)
    model = trainer.lightning_module
    if model is None:
        raise ModelError(
            "uninitialized-model",
            came="this Trainer has trained nothing yet",
            expected="a Trainer after fit",
            write="trainer.fit(model, loader); defib.diagnose(trainer)",
        )
    return _of_lightning(model, trainer, X, y, X_predict, recipe)


@same_torch_state()
def subject_from_batches(model: Any, X: Any, y: Any, X_predict: Any, recipe: Recipe) -> TorchSubject | None:
    """A Subject of a module and what its training loop took: a loader, a dataset, arrays by name or in order.

    ``None`` where ``X`` is one array, and the module does not know its own loss: see `subject_from_model`.
    """
    if is_uninitialized(model):
        return None
    if _is_lightning(model) and (recipe.loss is None or not _arrays(X)):
        return _of_lightning(model, getattr(model, "_trainer", None), X, y, X_predict, recipe)
    several = _several(X, y)
    if not several and not is_dataset(X):
        return None
    found = cut(X, y, floating_of(model)) if several else drawn(X, batch_size=recipe.batch_size)
    plain = None if several else joined(found)
    if plain is not None:
        return _of_arrays(model, plain, y, X_predict, recipe, found)
    return _of_calls(model, found, y, X_predict, recipe)


def _of_arrays(model: Any, plain: Any, y: Any, X_predict: Any, recipe: Recipe, found: Batches) -> TorchSubject:
    from defib.adapters.torch.memory import subject_from_model

    others = joined(drawn(X_predict)) if is_dataset(X_predict) else (X_predict, None)
    return subject_from_model(
        model,
        plain[0],
        plain[1] if y is None else y,
        X_predict=None if others is None else others[0],
        loss=recipe.loss,
        optimizer=recipe.optimizer,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size or found.batch_size,
    )


def _of_calls(model: Any, found: Batches, y: Any, X_predict: Any, recipe: Recipe) -> TorchSubject:
    """Of a module that takes several arrays, or its labels as well."""
    calls = [as_call(unwrapped(model), one) for one in found.batches]
    own = all(one.takes_labels for one in calls) and recipe.loss is None
    loss = recipe.loss
    known = _known(recipe, found, has_loss=own or (loss is not None and all(one.target is not None for one in calls)))
    others = _others(model, X_predict)
    subject = _run(model, [_step(one, loss) for one in calls], [_step(one, loss) for one in others], known)
    if not known.has_loss:
        subject.training = _labelled(subject.training, calls)
    return subject


def _labelled(rows: Rows | None, calls: list[Any]) -> Rows | None:
    """Rows with the labels that came with them, which no loss of ours has looked at."""
    if rows is None or any(not isinstance(one.target, torch.Tensor) for one in calls):
        return rows
    labels = np.concatenate([to_numpy(one.target) for one in calls])
    return replace(rows, y=labels) if len(labels) == len(rows) else rows


def _step(call: Any, loss: Callable[[Any, Any], Any] | None) -> Step:
    """The loss of one call: what is given, the model's own, or else the size of its outputs."""

    def step(clone: Any) -> Any:
        args, kwargs, target = on_device((call.args, call.kwargs, call.target), clone)
        if loss is not None:
            kwargs = {name: one for name, one in kwargs.items() if name != "labels"}
        out = clone(*args, **kwargs)
        if call.takes_labels and loss is None:
            return out["loss"] if isinstance(out, Mapping) else out[0]
        first = next(iter(tensors_in(out)))
        return loss(first, target) if loss is not None and target is not None else first.float().square().mean()

    return step


def _others(model: Any, X_predict: Any) -> list[Any]:
    if X_predict is None:
        return []
    found = drawn(X_predict) if is_dataset(X_predict) else cut(X_predict, None, floating_of(model))
    return [as_call(unwrapped(model), one) for one in found.batches]


def _of_transformers(trainer: Any, X: Any, y: Any, X_predict: Any, recipe: Recipe) -> TorchSubject:
    model, args = trainer.model, trainer.args
    rows = _items(X, y) if X is not None else trainer.train_dataset
    if rows is None:
        raise _no_rows("Trainer", "defib.diagnose(trainer, train_dataset)")
    others = X_predict if X_predict is not None else trainer.eval_dataset
    others = next(iter(others.values()), None) if isinstance(others, Mapping) and X_predict is None else others
    names = _signature(unwrapped(model)) if args.remove_unused_columns else None

    def collate(items: Any) -> Any:
        kept = [one if names is None else {k: v for k, v in one.items() if k in names} for one in items]
        return trainer.data_collator(kept)

    def step(batch: Any) -> Step:
        return lambda clone: trainer.compute_loss(clone, trainer._prepare_inputs(dict(batch)))

    found = drawn(rows, collate, recipe.batch_size or args.per_device_train_batch_size)
    looks = () if others is None else drawn(_items(others, None), collate, args.per_device_eval_batch_size).batches
    fit = Fit("transformers", model)
    read_state(args, trainer.state, fit)
    known = Known(
        optimizer=bare_optimizer(recipe.optimizer or trainer.optimizer),
        epochs=recipe.epochs or fit.epochs,
        planned_epochs=fit.planned,
        n_updates=int(trainer.state.global_step) or None,
        n_rows=found.n_rows,
        batch_size=found.batch_size,
        clip_norm=float(args.max_grad_norm) if args.max_grad_norm else None,
        accumulation=int(args.gradient_accumulation_steps),
        validation_loss=fit.validation_loss(),
    )
    return _run(model, [step(one) for one in found.batches], [step(one) for one in looks], known)


def _signature(model: Any) -> frozenset[str] | None:
    names = inspect.signature(model.forward).parameters
    return frozenset({*names, "label", "label_ids", "labels"})


def _items(X: Any, y: Any) -> Any:
    """A dataset; or what a tokenizer gives, as rows."""
    if not isinstance(X, Mapping):
        return X
    columns = {**X, **({} if y is None else {"labels": y})}
    n_rows = min(len(one) for one in columns.values())
    return [{name: _plain(values[i]) for name, values in columns.items()} for i in range(n_rows)]


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def _of_lightning(model: Any, trainer: Any, X: Any, y: Any, X_predict: Any, recipe: Recipe) -> TorchSubject:
    rows = X if X is not None else _loader(trainer, model, "train")
    if rows is None:
        raise _no_rows(
            type(model).__name__, "defib.diagnose(trainer, train_loader)  # test and predict make a Trainer forget it"
        )
    others = X_predict if X_predict is not None else _loader(trainer, model, "val")
    found = _batches(rows, y, model, recipe)
    looks = () if others is None else _batches(others, None, model, recipe).batches
    optimizers = getattr(trainer, "optimizers", None) or [None]
    epochs = recipe.epochs or (math.ceil(trainer.current_epoch) if trainer is not None else None) or None
    planned = getattr(trainer, "max_epochs", None)
    known = Known(
        optimizer=bare_optimizer(recipe.optimizer if recipe.optimizer is not None else optimizers[0]),
        epochs=epochs,
        planned_epochs=planned if planned and planned > 0 else None,
        n_updates=int(getattr(trainer, "global_step", 0)) or None,
        n_rows=found.n_rows,
        batch_size=found.batch_size,
        shuffled=found.shuffled,
        accumulation=int(getattr(trainer, "accumulate_grad_batches", 1)),
    )
    steps = [_lightning_step("training_step", one, i, len(optimizers)) for i, one in enumerate(found.batches)]
    return _run(
        model,
        steps,
        [_lightning_step("validation_step", one, i) for i, one in enumerate(looks)],
        _clipped(trainer, known),
    )


def _clipped(trainer: Any, known: Known) -> Known:
    """With the limit of the gradients, if there is one."""
    limit = getattr(trainer, "gradient_clip_val", None)
    if not limit:
        return known
    by_value = str(getattr(trainer, "gradient_clip_algorithm", "") or "").lower().endswith("value")
    return replace(known, clip_value=float(limit)) if by_value else replace(known, clip_norm=float(limit))


def _lightning_step(name: str, batch: Any, index: int, n_optimizers: int = 1) -> Step:
    def step(clone: Any) -> Any:
        method = getattr(clone, name)
        more = (index,) if "batch_idx" in inspect.signature(method).parameters else ()
        if getattr(clone, "automatic_optimization", True):
            out = method(on_device(batch, clone), *more)
        else:
            out = by_hand(clone, n_optimizers, lambda: method(on_device(batch, clone), *more))
        return out.get("loss") if isinstance(out, Mapping) else out

    return step


def _loader(trainer: Any, model: Any, name: str) -> Any:
    """What the trainer iterated over, the first of several; ``test`` and ``predict`` make it forget a loader."""
    loader = f"{name}_dataloader"
    data = getattr(trainer, "datamodule", None)
    for found in (
        getattr(trainer, loader + ("" if name == "train" else "s"), None),
        _made(data, loader),
        _made(model, loader),
    ):
        while isinstance(found, list | tuple | dict) and found:
            found = next(iter(found.values())) if isinstance(found, dict) else found[0]
        if found is not None:
            return found
    return None


def _made(owner: Any, name: str) -> Any:
    """The loader that a data module or the model itself makes; ``None`` where it makes none."""
    try:
        return getattr(owner, name)()
    except Exception:  # not overridden, or not set up
        return None


def _batches(rows: Any, y: Any, model: Any, recipe: Recipe) -> Batches:
    if hasattr(rows, "train_dataloader"):
        rows = rows.train_dataloader()
    if is_dataset(rows):
        return drawn(rows, batch_size=recipe.batch_size)
    found = cut(rows, y, floating_of(model), recipe.batch_size or 32)
    return found if y is not None else Batches(tuple(one[0] for one in found.batches), found.n_rows, found.batch_size)


def _known(recipe: Recipe, found: Batches, *, has_loss: bool) -> Known:
    return Known(
        optimizer=bare_optimizer(recipe.optimizer),
        epochs=recipe.epochs,
        n_rows=found.n_rows,
        batch_size=recipe.batch_size or found.batch_size,
        shuffled=found.shuffled,
        has_loss=has_loss,
    )


def _run(model: Any, steps: list[Step], looks: list[Step], known: Known) -> TorchSubject:
    try:
        return rehearsed(model, steps, looks, known)
    except Exception as error:
        raise ModelError(
            "model-does-not-run",
            came=f"the step of {type(unwrapped(model)).__name__} could not be repeated on these rows: "
            f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}",
            expected="rows as the training took them, and a step that needs nothing but model and rows",
            write="defib run train.py  # watches the training itself, whatever its step needs",
        ) from None


def _no_rows(what: str, write: str) -> InputError:
    return InputError(
        "no-rows",
        came=f"a {what} was given that holds no training rows",
        expected="the rows it was trained on",
        write=write,
    )


def _is_lightning(model: Any) -> bool:
    kinds = [getattr(sys.modules.get(name), "LightningModule", None) for name in MODULES]
    return any(isinstance(one, type) and isinstance(unwrapped(model), one) for one in kinds)


def _arrays(X: Any) -> bool:
    return X is not None and not is_dataset(X) and not hasattr(X, "train_dataloader")


def _several(X: Any, y: Any) -> bool:
    """Whether X is several arrays with all rows each, and not a list of rows."""
    if isinstance(X, Mapping):
        return True
    if not isinstance(X, list | tuple) or not X or not all(hasattr(one, "shape") and len(one.shape) for one in X):
        return False
    sizes = {len(one) for one in X} | ({len(X[0])} if y is None else {len(y)})
    return len(sizes) == 1 and (len(X) < len(X[0]) or len(X) == 1)

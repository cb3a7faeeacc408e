"""Work without moving any random state or name counter of the user's program."""

from __future__ import annotations

import logging
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

Restore = Callable[[], None]


@contextmanager
def quiet() -> Iterator[None]:
    """Put back the random state of Python, NumPy, TensorFlow, PyTorch and Keras, and Keras' name counters, afterwards.

    Warnings that Keras raises about our own clones are kept away from the user.
    """
    _State.depth += 1
    restores = [_python(), _numpy(), *_torch(), *_tensorflow(), *_keras_globals(), *_legacy_globals(), *_loggers()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        _State.depth -= 1
        for restore in restores:
            restore()


class _State:
    depth = 0


def busy() -> bool:
    """Whether defib itself is running a network right now; the watcher then looks away."""
    return _State.depth > 0


def _loggers() -> list[Restore]:
    """TensorFlow warns about retracing when many small networks are traced, which is what trials do."""
    restores: list[Restore] = []
    for name in ("tensorflow", "absl"):
        logger = logging.getLogger(name)
        restores.append(partial(setattr, logger, "disabled", logger.disabled))
        logger.disabled = True
    return restores


def _python() -> Restore:
    state = random.getstate()
    return lambda: random.setstate(state)


def _numpy() -> Restore:
    state = np.random.get_state()
    return lambda: np.random.set_state(state)


def _torch() -> list[Restore]:
    """PyTorch's own state, where Keras runs on it: modules of the user's inside a model draw from it."""
    import sys

    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    if keras is None or torch is None or keras.backend.backend() != "torch":
        return []
    state = torch.random.get_rng_state()
    restores: list[Restore] = [lambda: torch.random.set_rng_state(state)]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        states = torch.cuda.get_rng_state_all()
        restores.append(lambda: torch.cuda.set_rng_state_all(states))
    return restores


def _tensorflow() -> list[Restore]:
    """The operation-seed sequence of eager mode; present only after ``tf.random.set_seed``."""
    import sys

    if "tensorflow" not in sys.modules:
        return []
    from tensorflow.python.eager import context

    generator = getattr(context.context(), "_rng", None)
    if generator is None:
        return []
    state = generator.getstate()
    return [lambda: generator.setstate(state)]


def _keras_globals() -> list[Restore]:
    """Keras 3: the global seed generator and the counters behind automatic names."""
    import sys

    if "keras" not in sys.modules or "keras.src.backend.common.global_state" not in sys.modules:
        return []
    state = sys.modules["keras.src.backend.common.global_state"]
    restores: list[Restore] = []
    names = state.get_global_attribute("object_name_uids")
    kept = dict(names) if names is not None else None

    def restore_names() -> None:
        now = state.get_global_attribute("object_name_uids")
        if now is not None:
            now.clear()
            now.update(kept or {})

    restores.append(restore_names)
    generator = state.get_global_attribute("global_seed_generator")
    if generator is None:
        restores.append(lambda: state.set_global_attribute("global_seed_generator", None))
    else:
        value = np.array(generator.state)
        restores.append(lambda: generator.state.assign(value))
    return restores


def _legacy_globals() -> list[Restore]:
    """tf_keras: the counters behind automatic names and its own seed generator."""
    import sys

    backend = sys.modules.get("tf_keras.src.backend")
    if backend is None:
        return []
    restores: list[Restore] = []
    for graph, counters in list(backend.PER_GRAPH_OBJECT_NAME_UIDS.items()):
        restores.append(_dictionary(counters, graph))
    generator = getattr(backend._SEED_GENERATOR, "generator", None)
    if generator is not None:
        state = generator.getstate()
        restores.append(lambda: generator.setstate(state))
    return restores


def _dictionary(counters: Any, graph: Any) -> Restore:
    del graph
    kept = dict(counters)

    def restore() -> None:
        counters.clear()
        counters.update(kept)

    return restore

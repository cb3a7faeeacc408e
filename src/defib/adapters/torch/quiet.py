"""Looking without leaving a trace: random states, printing and grad mode are as they were afterwards."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Iterator

import numpy as np
import torch


class _State:
    depth = 0


def busy() -> bool:
    """Whether defib itself is running a network right now; the watcher then looks away."""
    return _State.depth > 0


@contextlib.contextmanager
def quiet(seed: int | None = None) -> Iterator[None]:
    """Run a clone: every global random state is put back, prints and warnings of its code are swallowed.

    ``seed`` seeds torch's generators inside the block; ``None`` leaves them where the user's program has them.
    """
    python, numpy = random.getstate(), np.random.get_state()
    cpu = torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    grad = torch.is_grad_enabled()
    _State.depth += 1
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            if seed is not None:
                _seed(seed, cuda is not None)
            with alone(), torch.inference_mode(False), torch.enable_grad():
                yield
    finally:
        _State.depth -= 1
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(cpu)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
        torch.set_grad_enabled(grad)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Without the program's process group: a collective call of a clone would wait for processes that never make it.

    A model that asks ``torch.distributed.is_initialized()`` goes on alone; one that does not ask raises an error,
    which is a reason that can be said.
    """
    distributed = torch.distributed
    if not (distributed.is_available() and distributed.is_initialized()):
        yield
        return
    member = distributed.distributed_c10d.GroupMember
    group, member.WORLD = member.WORLD, None
    try:
        yield
    finally:
        member.WORLD = group


def _seed(seed: int, cuda: bool) -> None:
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)
    if cuda:
        torch.cuda.manual_seed_all(seed)


SMALL_WORK = 20_000_000
"""Multiplications per forward pass below which one thread is faster than waking several (measured: up to 7 times)."""


@contextlib.contextmanager
def fitting_threads(work: float) -> Iterator[None]:
    """One thread for small networks; the number of threads is put back."""
    threads = torch.get_num_threads()
    try:
        if work < SMALL_WORK and threads > 1:
            torch.set_num_threads(1)
        yield
    finally:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)

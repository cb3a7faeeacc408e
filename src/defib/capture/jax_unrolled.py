"""Trainings inside loops that JAX compiles (``lax.scan``, ``fori_loop``, ``while_loop``): run once more, step by step.

The program's own loop runs as it is, and its result counts. Afterwards the same code runs with the same arguments and
Python loops in the place of the compiled ones, at most `MOST` steps and `SECONDS` long, and every step is seen.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from typing import Any, Final, Literal, final

import jax
import jax.numpy as jnp
from jax.extend.core import get_opaque_trace_state

from defib.adapters.jax.quiet import quiet
from defib.capture.jax_closure import Place, places_around, plain
from defib.capture.jax_earlier import shown_again
from defib.capture.jax_probe import Found, Now, Probe, asking
from defib.capture.jax_snapshot import Snapshot
from defib.capture.jax_study import FunctionWatch, weights_in

MOST: Final = 2_000
SECONDS: Final = 6.0
CUT: Final = "the training runs inside a loop that JAX compiles: its first {seen:,} of {whole:,} steps were followed"


class _Enough(BaseException):
    """As many steps were seen as are looked at; no ``except Exception`` of the program catches it."""


@final
class Unrolled:
    """One such run."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.steps = 0
        self.whole = 0
        """Steps of the whole run, where it was cut short."""
        self.study: Any = None
        self._until = float("inf")
        """When to end, from the first step on: that one takes the time to compile."""
        self._sizes: list[int] = []

    def follow(self, run: Callable[[], Any], out: Any) -> bool:
        """``run`` again, whose result was ``out``; whether any step was seen. The session shows loops to `loop`."""
        with quiet():
            if jax.make_jaxpr(run)().effects:  # what it tells the outside, it would tell twice
                return False
            self.session.unrolled = self
            try:
                run()
            except _Enough:
                pass
            finally:
                self.session.unrolled = None
        if self.study is None:
            return False
        end = weights_in(out, self.study.initial)
        if self.whole > self.steps:
            if end is None:  # where it led is not known
                self.session.studies.remove(self.study)
                return False
            self.study.notes.append(CUT.format(seen=self.steps, whole=self.whole))
            self.study.n_steps += self.whole - self.steps
            self.study.verified = True
        if end is not None:
            self.study.results = self.study.last = end
        return True

    def loop(self, name: str, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A loop of the program's in Python, where a gradient is asked for in it; else as it is."""
        loops: dict[str, Callable[..., Any]]
        loops = {"scan": self._scan, "fori_loop": self._count, "while_loop": self._while}
        return loops[name](lambda: original(*args, **kwargs), *args, **kwargs)

    def _scan(
        self, original: Any, f: Any, init: Any, xs: Any = None, length: Any = None, reverse: bool = False, **_: Any
    ) -> Any:
        leaves = jax.tree_util.tree_leaves(xs)
        n = len(leaves[0]) if leaves else int(length)
        picked = [jax.tree_util.tree_map(lambda one, i=i: one[i], xs) for i in range(min(n, 1))]
        asks = asks_in(f, (init, *picked)) if n else None
        if asks is None:
            return original()
        step, places, carry, given = jax.jit(f), places_around(f), init, []
        self._sizes.append(n)
        for i in reversed(range(n)) if reverse else range(n):
            x = jax.tree_util.tree_map(lambda one, i=i: one[i], xs)
            carry, y = self._made(f, step, (carry, x), places, asks)
            given.append(y)
        self._sizes.pop()
        return carry, jax.tree_util.tree_map(lambda *one: jnp.stack(one), *(given[::-1] if reverse else given))

    def _count(self, original: Any, lower: Any, upper: Any, body_fun: Any, init_val: Any, **_: Any) -> Any:
        first, n = int(lower), int(upper) - int(lower)
        asks = asks_in(body_fun, (jnp.asarray(first), init_val)) if n > 0 else None
        if asks is None:
            return original()
        step, places, value = jax.jit(body_fun), places_around(body_fun), init_val
        self._sizes.append(n)
        for i in range(first, first + n):
            value = self._made(body_fun, step, (jnp.asarray(i), value), places, asks)
        self._sizes.pop()
        return value

    def _while(self, original: Any, cond_fun: Any, body_fun: Any, init_val: Any) -> Any:
        asks = asks_in(body_fun, (init_val,))
        if asks is None:
            return original()
        step, places, value = jax.jit(body_fun), places_around(body_fun), init_val
        while bool(cond_fun(value)):
            value = self._made(body_fun, step, (value,), places, asks)
        return value

    def _made(
        self, body: Any, step: Any, args: tuple[Any, ...], places: list[Place], asks: Literal["here", "inside"]
    ) -> Any:
        """One round: a step of the training, or the rounds of a loop inside."""
        if asks == "inside":
            return body(*args)
        session, key = self.session, getattr(plain(body), "__code__", body)
        watch = session.functions.setdefault(key, FunctionWatch(body, has_gradient=True))
        before = Snapshot(args, {}, copied=watch.calls == 0, places=places)
        out = step(*args)
        watch.calls += 1
        session.stepped(watch, before, out)
        if watch.failed:
            raise _Enough
        self.study = session.studies[-1]
        self.steps += 1
        if self.steps == 1:
            self._until = time.perf_counter() + SECONDS
        if self.steps >= MOST or time.perf_counter() > self._until:
            self.whole = max(math.prod(self._sizes), self.steps)
            raise _Enough
        return out


def asks_in(body: Any, args: tuple[Any, ...]) -> Literal["here", "inside"] | None:
    """Whether a gradient is asked for in this function, or in a loop inside of it."""
    probe = Probe()

    def function(*given: Any) -> None:
        probe.level = get_opaque_trace_state()
        with contextlib.suppress(Found):
            body(*given)

    Now.probe = probe
    try:
        with asking(), shown_again():
            jax.make_jaxpr(function)(*args)
    finally:
        Now.probe = None
    return "inside" if probe.inside else "here" if probe.loss is not None else None

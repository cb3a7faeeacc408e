"""``defib run`` in one of several processes that train together: process 0 reports, the others are quiet."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from defib.capture.script import run_program

if TYPE_CHECKING:
    from defib.capture.ranks import Ranks
    from defib.capture.script import Program, ScriptOutcome
    from defib.cli.run import Request


def run_beside(program: Program, ranks: Ranks) -> int:
    """Run the program in a process that does not report; it ends as it would without defib."""
    ranks.begin()
    outcome = run_program(program)
    if not outcome.in_child:
        ranks.hand_over(outcome.subjects)
    return outcome.exit_code


def for_all(request: Request, outcome: ScriptOutcome, ranks: Ranks) -> Request:
    """Take in what the other processes saw; what is still to be asked for afterwards.

    Where one process failed, the launcher ends the others within moments: then there is no time for trials.
    """
    from defib.capture.ranks_pool import pool

    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the program, to which it would have mattered, has ended
    pool(ranks, outcome.subjects)
    if outcome.error is not None:
        return replace(request, trials=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return request

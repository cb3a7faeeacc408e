"""A campaign of trials within a budget: the control, a screening pass, then the seeds that prove.

The screening pass tries every intervention once, in the planner's order: what separates the hypotheses best per
second. The leading hypothesis' own fix gets its other seeds as soon as it recovers (that is what may be called
verified), any other that recovered after the pass, and what did not while time is left. When the time left is just
what it takes to try and prove the leading fix, it is next; screening ends early when it is just what proving one that
recovered takes: one proof is worth more than ten hints.
Where no single change is enough, the fixes of two hypotheses are made together, then those of all of them, of which
each is dropped again: what is left is the smallest sufficient set.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import final

from defib.causes import Cause
from defib.diagnosis import HELPED, TOGETHER, Trial
from defib.evidence import Book, Missing
from defib.interventions import Intervention
from defib.interventions.table import all_interventions, with_families
from defib.ranking import Assessed
from defib.recipe import Arm
from defib.subject import BudgetExceeded, NotAvailable
from defib.trials import Progress, plan, sets
from defib.trials.engine import SerialEngine
from defib.trials.judge import MIN_SEEDS, Run, judge
from defib.trials.outcome import Campaign, Look, Second
from defib.trials.seen_again import seen_again
from defib.trials.told import told

MAX_INTERVENTIONS = 9
"""How many different changes a campaign screens; more would leave no time for the seeds."""
BEFORE_PAIRS = 6
"""The control and five changes that did not restore learning: then pairs are worth more than the rest."""
MOST_PAIRS = 4
MOST_TOGETHER = 3
"""Changes that are made together at most while second faults are looked for."""
LONGER = "more-epochs"
MOST_SECOND = 2
"""Causes that a second look may bring up, and fixes of each that are tried together with the first."""
EXTRA_SEEDS = 2
"""Seeds added where the control is uneven (a random network's luck): the interval of three is too wide then."""
MOST_SEEDS = 9
"""Seeds of such a control and of the leading arm, if it is still unsure: an interval a third as wide as with three."""


@final
class Conductor:
    """Runs one campaign. Holds the runs so far; nothing else outlives a call."""

    def __init__(
        self,
        engine: SerialEngine,
        book: Book,
        *,
        seconds: float,
        seed: int,
        progress: Progress,
        control: Sequence[Run] = (),
        look: Look | None = None,
    ) -> None:
        self.look = look
        self.looks: dict[str, Second] = {}
        self.engine = engine
        self.book = book
        self.started = time.monotonic()
        self.seconds = seconds
        self.seed = seed
        self.progress = progress
        self.runs: dict[str, list[Run]] = {"control": [engine.judged_again(run) for run in control]}
        self.arms: dict[str, tuple[Arm, str]] = {"control": (Arm(), "as recorded, nothing changed")}
        self.notes: list[str] = []
        self.out_of_time = False

    def conduct(
        self, ranked: Sequence[Cause], beliefs: Mapping[str, float], offered: Sequence[Intervention]
    ) -> Campaign:
        """The whole campaign; always answers, however early the budget ends."""
        self.progress.start(self.seconds)
        try:
            if not self.runs["control"]:
                self._try("control", 0, "does the recorded recipe give the same symptom again?")
            if self.runs["control"]:
                self._screen(ranked, beliefs, offered)
                sizes = {one.name: one.size for one in offered}
                for _ in range(2):  # what recovers on one seed may not on three: then others are put together
                    self._combine(ranked)
                    self._confirm(ranked[0].fixes if ranked else (), sizes)
        finally:
            self.progress.finish()
        return self._result()

    def _screen(self, ranked: Sequence[Cause], beliefs: Mapping[str, float], offered: Sequence[Intervention]) -> None:
        if self.runs["control"][0].recovered:
            self._more_seeds("control")
            if len(self.runs["control"]) >= MIN_SEEDS and self._control_recovered():
                self.notes.append("the training as recorded learns when it is repeated: no change to it was tried")
                return
        left = {one.name: one for one in offered if self._has_arm(one)}
        current = dict(beliefs)
        while left and len(sets.single(self.runs)) <= MAX_INTERVENTIONS and not self._time_to_confirm():
            name = self._next(ranked, current, left)
            self._try_intervention(left.pop(name), plan.leading_of(ranked, current) if ranked else None)
            if len(sets.single(self.runs)) == BEFORE_PAIRS:
                self._combine(ranked)
            runs = self.runs.get(name)
            if runs:
                current = plan.update(current, {c.code: c for c in ranked}, name, runs[0].recovered)
                if runs[0].recovered and ranked and name in plan.leading_of(ranked, current).fixes:
                    self._prove(name)

    def _has_arm(self, one: Intervention, book: Book | None = None) -> bool:
        try:
            self.arms[one.name] = (one.arm(book or self.book), one.does)
        except (Missing, NotAvailable) as error:
            needs = error.needs if isinstance(error, Missing) else error
            self.notes.append(f"{one.name} was not tried: it needs {needs}")
            return False
        return True

    def _can_change(self, one: Intervention, after: str = "") -> bool:
        """It applies to the user's model, or to what a look saw after a change, and its arm can be made."""
        if one.fits(self.book):
            return self._has_arm(one)
        seen = self.looks[after].book if after in self.looks else None
        return seen is not None and one.fits(seen) and self._has_arm(one, seen)

    def _next(self, ranked: Sequence[Cause], beliefs: Mapping[str, float], left: Mapping[str, Intervention]) -> str:
        """What separates the hypotheses best per second; the leading one's own fix when only its proof fits in."""
        if ranked and self._left() < (2 * MIN_SEEDS - len(self.runs["control"]) + 1) * self._mean_seconds():
            own = plan.leading_of(ranked, beliefs).fixes
            if not any(self.runs.get(name) for name in own) and (fits := [name for name in own if name in left]):
                return fits[0]
        sizes = {name: one.size for name, one in left.items()}
        return plan.order(ranked, beliefs, tuple(left), sizes, {name: self._cost(name) for name in left})[0]

    def _cost(self, name: str) -> float:
        """Trainings of the control that this one takes: its length, and what a changed network was seen to take."""
        arm = self.arms[name][0]
        alike = [
            run.seconds / self.arms[other][0].length
            for other, runs in self.runs.items()
            for run in runs
            if bool(self.arms[other][0].edits) == bool(arm.edits)
        ]
        control = self.runs["control"]
        base = sum(run.seconds for run in control) / len(control)
        each = sum(alike) / len(alike) if alike else base
        return arm.length * (each / base if base > 0 else 1.0)

    def _try_intervention(self, one: Intervention, leading: Cause | None) -> None:
        reason = self.engine.subject.can_train(self.arms[one.name][0])
        if reason is not None:
            self.notes.append(f"{one.name} was not tried: {reason}")
            return
        why = f"tells {leading.name} from its look-alikes" if leading else "is it enough?"
        self._try(one.name, 0, why)

    def _prove(self, name: str) -> None:
        """The leading hypothesis' own fix recovered: its proof before anything else is screened, and a second look."""
        self._more_seeds("control")
        self._more_seeds(name)
        if all(run.recovered for run in self.runs[name]):
            self._look_again(name)

    def _look_again(self, name: str) -> tuple[Assessed, ...]:
        """What is wrong with the model as this arm leaves it; looked at once, and only while there is time."""
        if self.look is None or self.out_of_time or self._left() <= 0:
            return ()
        if name not in self.looks:
            self.progress.update(self.arms[name][1], "is anything else wrong?", 1 - self._left() / self.seconds)
            enough = all(run.recovered for run in self.runs[name])
            try:
                self.looks[name] = self.look(name, self.arms[name][0], self.started + self.seconds, enough)
            except (BudgetExceeded, NotAvailable):
                return ()
            except Exception as error:  # a look that breaks must not end the diagnosis
                self.notes.append(f"the second look broke inside: {type(error).__name__}: {str(error)[:200]}")
                return ()
        return self.looks[name].causes

    def _second_faults(self, ranked: Sequence[Cause]) -> bool:
        """The leading fix was not enough: look at what it leaves, mend that together with it, and look again."""
        tried = [name for name in (ranked[0].fixes if ranked else ()) if self.runs.get(name)]
        if not tried:
            return False
        base: tuple[str, ...] = (max(tried, key=lambda name: self.runs[name][0].recovery),)
        while len(base) < MOST_TOGETHER:
            longer = [(*base, name) for name in self._mending(base)]
            if self._any_enough(longer):
                return True
            known = [names for names in longer if self.runs.get(TOGETHER.join(names))]
            best = max(known, key=self._recovery, default=base)
            if self._recovery(best) < self._recovery(base) + HELPED:
                return False
            base = best
        return False

    def _recovery(self, names: tuple[str, ...]) -> float:
        return self.runs[TOGETHER.join(names)][0].recovery

    def _mending(self, base: tuple[str, ...]) -> list[str]:
        """Fixes of what is wrong with the model as these changes leave it."""
        table, found, after = all_interventions(), dict[str, None](), TOGETHER.join(base)
        for second in self._look_again(after)[:MOST_SECOND]:
            fixes = [name for name in second.cause.fixes if name not in base and table[name].kind == "train"]
            ready = [name for name in fixes if name in self.arms or self._can_change(table[name], after)]
            found |= dict.fromkeys(ready[:MOST_SECOND])
        # What learns in part, and shows nothing that would hold it back, may only need longer.
        longer = not found and self._recovery(base) >= HELPED and LONGER not in base
        return [LONGER] if longer and self._can_change(table[LONGER]) else list(found)

    def _combine(self, ranked: Sequence[Cause]) -> None:
        """Several changes together, where none was enough so far.

        What mends the second look; pairs; what helped most with one more; all of them, of which each is dropped again.
        """
        if self._standing() or self._second_faults(ranked):
            return
        helped = {name: self.runs[name][0].recovery if self.runs.get(name) else 0.0 for name in sets.single(self.arms)}
        pairs = [pair for pair in plan.pairs(ranked, helped) if TOGETHER.join(pair) not in self.runs]
        firsts = plan.first_fixes(ranked, helped)
        if self._any_enough(pairs[:MOST_PAIRS]) or self._any_enough(self._one_more(firsts)):
            return
        self._any_enough([sets.mergeable(firsts, self._arm)])

    def _any_enough(self, several: Sequence[tuple[str, ...]]) -> bool:
        """Whether one of these recovers; each of its changes that was not needed is then dropped again."""
        for names in several:
            if len(names) > 1 and self._together(names):
                sets.smallest(names, self._together)
                return True
        return False

    def _one_more(self, firsts: Sequence[str]) -> list[tuple[str, ...]]:
        """The changes that helped most together, each with one more."""
        made = [tuple(name.split(TOGETHER)) for name, runs in self.runs.items() if runs and TOGETHER in name]
        best = max(made, key=self._recovery, default=())
        if not best or self._recovery(best) < HELPED:
            return []
        return [(*best, name) for name in firsts if name not in best][:MOST_SECOND]

    def _standing(self) -> bool:
        """A change recovers, on every seed that was run."""
        treated = (runs for name, runs in self.runs.items() if name != "control" and runs)
        return any(all(run.recovered for run in runs) for runs in treated)

    def _together(self, names: tuple[str, ...]) -> bool:
        """Whether these changes in one arm recover, on every seed so far; tried once, remembered after."""
        name, arm = TOGETHER.join(names), sets.merged(names, self._arm)
        if name not in self.runs and arm is not None and self.engine.subject.can_train(arm) is None:
            self.arms[name] = (arm, ", and ".join(self.arms[one][1] for one in names))
            self._try(name, 0, "no single change was enough")
        return bool(self.runs.get(name)) and all(run.recovered for run in self.runs[name])

    def _arm(self, name: str) -> Arm:
        return self.arms[name][0]

    def _left(self) -> float:
        return self.seconds - (time.monotonic() - self.started)

    def _mean_seconds(self) -> float:
        done = [run.seconds for runs in self.runs.values() for run in runs]
        return sum(done) / len(done) if done else 0.0

    def _time_to_confirm(self) -> bool:
        """No time is left, or, with one more run, none to prove what recovered."""
        recovered = [n for n, runs in self.runs.items() if n != "control" and runs and runs[0].recovered]
        if not recovered or self.out_of_time:
            return self.out_of_time
        missing = 2 * MIN_SEEDS - len(self.runs["control"]) - len(self.runs[recovered[0]])
        return self._left() < (missing + 1) * self._mean_seconds()

    def _confirm(self, own: Sequence[str], sizes: Mapping[str, int]) -> None:
        self._more_seeds("control")
        treated = [name for name in self.runs if name != "control" and self.runs[name]]
        treated.sort(key=lambda name: (not self.runs[name][0].recovered, name not in own, sizes.get(name, 0)))
        for name in treated:
            self._more_seeds(name)
        if self._control_recovered():
            return
        for most, least in ((len(treated), MIN_SEEDS + EXTRA_SEEDS), (1, MOST_SEEDS)):
            unsure = [name for name in treated if self._is_unsure(name)][:most]
            for name in ["control", *unsure] if unsure else []:
                self._more_seeds(name, least)

    def _is_unsure(self, name: str) -> bool:
        """It recovers on every seed, and the control is too uneven to say by how much that is better."""
        runs = self.runs[name]
        full = len(runs) >= MIN_SEEDS and all(run.recovered for run in runs)
        return full and not judge(self.runs["control"], runs).sufficient

    def _more_seeds(self, name: str, upto: int = MIN_SEEDS) -> None:
        for index in range(len(self.runs[name]), upto):
            if not self._try(name, index, f"seed {index + 1} of {upto}"):
                return

    def _try(self, name: str, index: int, why: str) -> bool:
        """One training; ``False`` when there was no time for it or it broke."""
        spent = time.monotonic() - self.started
        if self.out_of_time or spent > self.seconds:
            self.out_of_time = True
            return False
        arm, does = self.arms[name]
        self.progress.update(does, why, min(spent / self.seconds, 1.0))
        # Seed 0 keeps the captured initial weights; the user's seed shifts the others.
        seed = 0 if index == 0 else self.seed * 100 + index
        # Whatever the budget, the control must get a chance to finish: without it nothing can be said.
        grace = 3.0 if name == "control" and index == 0 else 1.0
        try:
            run = self.engine.run(arm, seed, self.started + grace * self.seconds)
        except BudgetExceeded:
            self.out_of_time = True
            return False
        except Exception as error:  # a trial that breaks must not end the diagnosis
            self.notes.append(f"{name} could not be tried: {type(error).__name__}: {str(error)[:200]}")
            self.runs.setdefault(name, [])
            return False
        self.runs.setdefault(name, []).append(run)
        return True

    def _control_recovered(self) -> bool:
        control = self.runs["control"]
        return bool(control) and all(run.recovered for run in control)

    def _result(self) -> Campaign:
        control = self.runs["control"]
        trials = [told(name, self.arms[name][1], runs, control) for name, runs in self.runs.items() if runs]
        fine = {name for name, look in self.looks.items() if look.healthy or look.only_by_trials}
        self.notes += seen_again(trials, fine)
        if self.out_of_time:
            self.notes.append(f"the budget of {self.seconds:.0f} s ended before every trial was run")
        return Campaign(
            trials=tuple(trials),
            outcomes=self._outcomes(trials),
            control_recovered=self._control_recovered() if control else None,
            control=tuple(control),
            runs={name: tuple(runs) for name, runs in self.runs.items() if runs},
            looks=tuple(self.looks.values()),
            out_of_time=self.out_of_time,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    def _outcomes(self, trials: Sequence[Trial]) -> dict[str, bool]:
        if self._control_recovered():
            return {}
        outcomes: dict[str, bool] = {}
        more, needed = sets.more_than_enough(trials), sets.needed(trials)
        for trial in trials:
            if trial in more or trial.intervention in needed:
                continue  # not enough alone, and needed: no word against the cause it mends
            if trial.arm == "treated" and (trial.sufficient or not (trial.undecided or trial.partial)):
                outcomes[trial.intervention] = trial.sufficient
        return with_families(outcomes)

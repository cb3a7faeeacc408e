"""What is offered, in words and code."""

from __future__ import annotations

from dataclasses import replace

from defib.catalogue import all_causes, load
from defib.diagnosis import Fix, Hypothesis, Trial, supported
from defib.fixing import can_be_tried, choose_fix, unmended, works_all_the_same
from defib.interventions.table import all_interventions
from defib.trials.sets import more_than_enough, needed
from tests.causes.books import COLUMNS, HEAD, INPUTS, RAW, REGRESSION, book, unmoved
from tests.reporters.samples import FLAT_DIAGNOSIS


def test_a_scale_that_fills_missing_cells_first_says_so() -> None:
    named = (Hypothesis("DF101", "unscaled-inputs", supported("far", weight=0.9)),)
    for cells, opening in ((0, "standardize"), (3, "fill the missing cells and standardize")):
        seen = book(RAW, replace(INPUTS, nan_cells=cells))
        fix = choose_fix(named, {"DF101": load("DF101")}, all_interventions(), (), seen, "keras")
        assert fix is not None
        assert fix.says.startswith(opening)


def test_a_repair_whose_trials_failed_still_leaves_a_next_step() -> None:
    named = (Hypothesis("DF706", "numerical-overflow", supported("NaN", weight=0.6)),)
    cause, table = load("DF706"), all_interventions()
    failed = [
        Trial(name, "treated", "", (0,), (0.0,), (0.0,), (0.0,)) for name in cause.fixes if table[name].kind == "train"
    ]
    fix = choose_fix(named, {"DF706": cause}, table, failed, book(), "torch")
    assert fix is not None
    assert fix.interventions == ("find-first-nan",)


def test_a_fault_that_the_fix_leaves_is_told_with_what_to_type() -> None:
    first = Hypothesis("DF301", "single-unit-softmax", supported("one unit", weight=1.0))
    skew = Hypothesis("DF802", "preprocessing-skew", supported("raw", weight=0.9))
    fix = Fix(("fitting-head",), verified=True, code="", says="")
    seen = replace(FLAT_DIAGNOSIS, causes=(first, skew), fix=fix)
    (note,) = unmended(seen, book())
    assert "preprocessing-skew (DF802)" in note
    assert note.endswith("defib explain preprocessing-skew")
    assert unmended(replace(seen, fix=replace(fix, interventions=("fitting-head", "same-pipeline"))), book()) == ()
    assert unmended(replace(seen, causes=(first, replace(skew, mechanism_of="DF301"))), book()) == ()
    assert unmended(replace(seen, fix=None), book()) == ()
    alike = Hypothesis("DF903", "identical-rows", supported("one row", weight=0.9))
    (note,) = unmended(replace(seen, causes=(first, alike)), book())  # a trial scores other rows
    assert "identical-rows (DF903)" in note
    slow = replace(seen, causes=(first, Hypothesis("DF502", "learning-rate-too-low", supported("slow", weight=0.7))))
    slow = replace(slow, fix=replace(fix, verified=False))
    (note,) = unmended(slow, book())
    assert "multiply the learning rate by 10" in note  # there is no schedule whose largest rate could be kept
    nothing = Hypothesis("DF901", "no-learnable-signal", supported("none", weight=0.9))
    assert unmended(replace(slow, causes=(nothing, *slow.causes[1:])), book()) == ()


def test_another_loss_is_named_only_where_the_arm_has_one() -> None:
    named = (Hypothesis("DF701", "frozen-parameters", supported("frozen", weight=0.9)),)
    seen = book(unmoved("frozen"))
    fix = choose_fix(named, {"DF701": load("DF701")}, all_interventions(), (), seen, "keras")
    assert fix is not None
    assert fix.says == "make every weight trainable"


def test_a_set_that_fills_missing_cells_on_its_way_mends_missing_cells() -> None:
    named = (Hypothesis("DF103", "nan-inputs", supported("NaN", weight=0.9)),)
    both = "standardize-inputs + standardize-targets"
    proven = Trial(both, "treated", "", (0, 1, 2), (1.0,) * 3, (1.0,) * 3, (0.0,) * 3, sufficient=True)
    for cells in (3, 0):
        seen = book(RAW, replace(INPUTS, nan_cells=cells))
        fix = choose_fix(named, {"DF103": load("DF103")}, all_interventions(), (proven,), seen, "keras")
        assert fix is not None
        assert (fix.interventions == ("standardize-inputs", "standardize-targets")) == (cells > 0)


def proven(name: str) -> Trial:
    return Trial(name, "treated", "", (0, 1, 2), (1.0,) * 3, (1.0,) * 3, (0.0,) * 3, sufficient=True)


def test_where_every_fix_of_the_cause_failed_the_change_that_was_enough_is_offered() -> None:
    named = (Hypothesis("DF601", "zero-or-symmetric-initialization", supported("same", weight=0.9)),)
    cause = load("DF601")
    failed = [Trial(name, "treated", "", (0,), (0.0,), (0.0,), (0.0,)) for name in cause.fixes]
    other = next(name for name in ("batch-norm", "relu-he") if name not in cause.fixes)
    fix = choose_fix(named, {"DF601": cause}, all_interventions(), [*failed, proven(other)], book(), "torch")
    assert fix is not None
    assert (fix.interventions, fix.verified) == ((other,), True)


def test_a_set_that_holds_what_is_enough_alone_is_no_alternative() -> None:
    named = (Hypothesis("DF103", "nan-inputs", supported("NaN", weight=0.9)),)
    trials = (proven("impute-nan + step-divided-by-10"), proven("impute-nan"))
    assert more_than_enough(trials) == [trials[0]]
    assert needed(trials) == set()
    assert needed(trials[:1]) == {"impute-nan", "step-divided-by-10"}
    fix = choose_fix(named, {"DF103": load("DF103")}, all_interventions(), trials, book(), "torch")
    assert fix is not None
    assert (fix.interventions, fix.alternatives) == (("impute-nan",), ())


def test_a_change_made_for_what_is_ruled_out_is_not_offered_first_and_said_to_explain_nothing() -> None:
    named = (Hypothesis("DF402", "saturated-units", supported("at their ends", weight=0.7)),)
    catalogue = {one.code: one for one in all_causes()}
    proven = [
        Trial(name, "treated", "", (0, 1, 2), (1.0,) * 3, (1.0,) * 3, (0.0,) * 3, sufficient=True)
        for name in ("standardize-inputs", "relu-he")
    ]
    first = []
    for excluded in ({"DF101"}, set[str]()):
        fix = choose_fix(named, catalogue, all_interventions(), proven, book(RAW), "keras", excluded)
        assert fix is not None
        first.append(fix.interventions)
        stack = (Hypothesis("DF403", "vanishing-gradients", supported("vanish", weight=0.7)),)
        notes = works_all_the_same(proven, stack, catalogue, excluded)
        assert [note.split()[0] for note in notes] == (["standardize-inputs"] if excluded else [])
        assert works_all_the_same(proven, named, catalogue, excluded) == ()  # its page names the change
    assert first == [("relu-he",), ("standardize-inputs",)]


def tried(*names: str) -> list[Trial]:
    return [Trial(name, "treated", "", (0,), (0.0,), (0.0,), (0.0,)) for name in names]


def test_two_faults_whose_fixes_failed_one_by_one_are_mended_together() -> None:
    """Nothing is left to suggest but what was not tried: both."""
    codes = {"DF101": "unscaled-inputs", "DF106": "target-scale"}
    named = tuple(Hypothesis(code, name, supported("far", weight=0.9)) for code, name in codes.items())
    table, catalogue = all_interventions(), {code: load(code) for code in codes}
    alone = tried("standardize-inputs", "standardize-targets")
    seen = book(RAW, COLUMNS, replace(REGRESSION, mean=152.0, sd=77.0), replace(HEAD, units=1))
    for trials, expected in (
        (alone, ("standardize-inputs", "standardize-targets")),
        (alone[1:], ("standardize-inputs",)),  # the first one's own was not tried
        ([*alone, *tried("standardize-inputs + standardize-targets")], ("min-max-inputs",)),
    ):
        fix = choose_fix(named, catalogue, table, trials, seen, "keras")
        assert fix is not None
        assert (fix.interventions, fix.verified) == (expected, False)
    explained = (named[0], replace(named[1], mechanism_of="DF101"))
    fix = choose_fix(explained, catalogue, table, alone, seen, "keras")
    assert fix is not None
    assert len(fix.interventions) == 1


def test_what_no_trial_can_prove_is_told_from_what_one_can() -> None:
    seen = book(RAW, COLUMNS)
    for names, can in (
        (("standardize-inputs", "more-epochs"), True),
        (("standardize-inputs", "find-first-nan"), False),  # no training tells it
        (("repair-input-step",), False),  # what the rows were before is not known here
    ):
        assert can_be_tried(Fix(names, verified=False, code="", says=""), seen) == can


def test_what_helped_most_is_suggested_where_nothing_is_proven() -> None:
    """Also a change together with another that was not run on seeds enough."""
    named = (Hypothesis("DF305", "broadcast-loss", supported("shapes", weight=0.9)),)
    partly = replace(tried("match-shapes")[0], effect=0.4, interval=(0.3, 0.5))
    both = replace(tried("match-shapes + weaker-regularization")[0], effect=0.6, interval=(0.2, 1.0), undecided=True)
    for trials, expected in (
        ([partly, both], ("match-shapes", "weaker-regularization")),
        ([partly, replace(both, effect=0.2)], ("match-shapes",)),
        ([partly, replace(both, undecided=False, interval=(-1.0, 2.0))], ("match-shapes",)),
    ):
        fix = choose_fix(named, {"DF305": load("DF305")}, all_interventions(), trials, book(HEAD), "torch")
        assert fix is not None
        assert (fix.interventions, fix.verified) == (expected, False)

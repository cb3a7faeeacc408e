"""The terminal report: order of sections, width, what is left out, and that it adds nothing."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Group

from defib.diagnosis import Diagnosis, Place
from defib.reporters.layout import Manner, make_console, plain, show
from defib.reporters.prose import Text
from defib.reporters.symptom_view import symptom_view
from defib.reporters.terminal import RULED_OUT_SHOWN, print_diagnosis, render_text
from defib.symptom import Skill
from tests.reporters import samples

ORDER = [
    "sequential (keras)",
    "The prediction is identical",
    "Predictions",
    "The cause",
    "How unscaled-inputs acts",
    "Also found",
    "What was tried, on clones",
    "What it is not",
    "Not settled",
    "A suggested fix",
    "Not assessed",
    "Notes",
    "Next",
]


def text(diagnosis: Diagnosis, width: int = 80) -> str:
    """As one line, so that wrapping does not matter."""
    return re.sub(r"\s+", " ", render_text(diagnosis, width))


def titles(diagnosis: Diagnosis) -> list[str]:
    return [line for line in render_text(diagnosis).splitlines() if line and not line.startswith(" ")]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
@pytest.mark.parametrize("diagnosis", samples.ALL, ids=lambda d: d.outcome)
def test_fits_and_is_plain(diagnosis: Diagnosis, width: int) -> None:
    code = [] if diagnosis.fix is None else diagnosis.fix.code.splitlines()
    for line in render_text(diagnosis, width).splitlines():
        assert cell_len(line) <= width or line.strip() in code, line
        assert line == line.rstrip()
        assert "\x1b" not in line


def test_order_of_a_flat_report() -> None:
    shown = render_text(replace(samples.UNVERIFIED, trials=samples.FLAT_DIAGNOSIS.trials), 80)
    places = [shown.index(mark) for mark in ORDER]
    assert places == sorted(places)


def test_beside_a_proven_fix_what_is_open_is_only_counted() -> None:
    """Nobody needs it any more; and what failed stands in the table already."""
    shown = titles(samples.FLAT_DIAGNOSIS)
    assert "Not settled" not in shown
    assert "Not assessed" not in shown
    assert "1 not settled, 3 not assessed; an HTML report lists them" in text(samples.FLAT_DIAGNOSIS)
    assert "not settled" not in text(samples.UNVERIFIED)


@pytest.mark.parametrize("width", [80, 120])
def test_all_that_proves_it_is_there(width: int) -> None:
    shown = text(samples.FLAT_DIAGNOSIS, width)
    for fact in (
        "unscaled-inputs (DF101), in dense",
        "scale max 1,180",
        "scale ratio 570,000",
        "dead fraction 100 %",
        "the rows become equal in dense:relu",
        "0.00 0.01 -0.02",
        "0.98 1.01 0.97",
        "+0.99 [0.93, 1.05]",
        "normalize.adapt(X_train)",
        "verified: tried against the control with 3 seeds",
        "Sufficient, too: step-divided-by-100",
        "one seed was stopped at the budget",
        "defib explain unscaled-inputs",
    ):
        assert fact in shown
    assert "n columns" not in shown  # three numbers, not four


def test_control_stands_first_and_sufficient_is_told() -> None:
    lines = [
        line for line in render_text(samples.FLAT_DIAGNOSIS).splitlines() if re.search(r"\d\.\d\d .*\d\.\d\d", line)
    ]
    rows = [line for line in lines if line.split()[0] in ("control", "standardize-inputs", "halve-depth")]
    assert [(line.split()[0], line.split()[-1]) for line in rows] == [
        ("control", "control"),
        ("standardize-inputs", "yes"),
        ("halve-depth", "no"),
    ]


def test_look_alikes_are_ruled_out_in_words() -> None:
    """Of what was found; where nothing was, the first five."""

    def part(diagnosis: Diagnosis) -> str:
        shown = text(diagnosis, 120)
        return shown[shown.index("What it is not") : shown.index("Not settled")]

    found = part(samples.UNVERIFIED)
    assert re.findall(r"\((DF\d+)\):", found) == ["DF303", "DF103"]  # a look-alike, and one more: not one alone
    assert "nor 5 others; an HTML report lists them (--report out.html)" in found
    undecided = part(samples.UNDECIDED)
    assert len(re.findall(r"\(DF\d+\):", undecided)) == RULED_OUT_SHOWN
    assert "nor stale-batchnorm-statistics, threshold-only" in undecided
    assert "HTML" not in undecided
    alike = samples.UNVERIFIED.ruled_out[1]
    assert len(re.findall(r"\(DF\d+\):", part(replace(samples.UNVERIFIED, ruled_out=(alike,) * 9)))) == RULED_OUT_SHOWN


def test_a_further_fault_has_its_line() -> None:
    first, second, *rest = samples.FLAT_DIAGNOSIS.causes
    placed = replace(second, at=Place("/home/a/train.py", 31, "opt = SGD(lr=9)"))
    shown = text(replace(samples.FLAT_DIAGNOSIS, causes=(first, placed, *rest)))
    assert "learning-rate-too-high (DF501, train.py:31): the first update" in shown


@pytest.mark.parametrize("width", [40, 60])
def test_trials_are_a_list_where_a_table_does_not_fit(width: int) -> None:
    shown = text(samples.FLAT_DIAGNOSIS, width)
    assert "control: as recorded (0.00 0.01 -0.02)" in shown
    assert "standardize-inputs: enough (0.98 1.01 0.97, effect +0.99 [0.93, 1.05])" in shown
    assert "halve-depth: not enough (0.00 0.02 0.01, effect +0.01 [-0.03, 0.06]); one seed was stopped" in shown


def test_the_reason_is_said_once() -> None:
    because = samples.FLAT_DIAGNOSIS.causes[0].assessment.because
    assert text(samples.FLAT_DIAGNOSIS).count(because) == 1


LONG = (
    "# on a freshly built model\n"
    'model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.02), loss="sparse_categorical_crossentropy")'
    "  # was 0.2\n"
    "\n"
    "if True:\n"
    "    pass\n"
)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_code_is_neither_wrapped_nor_cut(width: int) -> None:
    shown = render_text(replace(samples.FLAT_DIAGNOSIS, fix=replace(samples.UNVERIFIED_FIX, code=LONG)), width)
    block = [f"    {line}".rstrip() for line in LONG.splitlines()]
    lines = shown.splitlines()
    start = lines.index(block[0])
    assert lines[start : start + len(block)] == block


def test_code_is_not_wrapped_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "50")
    terminal = Terminal()
    print_diagnosis(replace(samples.FLAT_DIAGNOSIS, fix=replace(samples.UNVERIFIED_FIX, code=LONG)), terminal)
    assert f"\n    {LONG.splitlines()[1]}\n" in terminal.getvalue()


@pytest.mark.parametrize("diagnosis", samples.ALL, ids=lambda d: d.outcome)
def test_one_blank_line_at_a_time(diagnosis: Diagnosis) -> None:
    assert "\n\n\n" not in render_text(diagnosis)


def test_healthy_is_calm_and_complete() -> None:
    assert titles(samples.HEALTHY)[-2:] == ["Predictions", "Next"]
    shown = text(samples.HEALTHY)
    assert "Nothing to repair" in shown
    for word in ("cause", "fix", "tried", "wrong", "assessed"):
        assert word not in shown


def test_nothing_wrong_sells_no_fix() -> None:
    shown = titles(samples.NOTHING_WRONG)
    assert "Why" in shown
    assert "The cause" not in shown
    assert not any("fix" in title for title in shown)


def test_undecided_shows_what_is_open() -> None:
    assert "The cause" not in titles(samples.UNDECIDED)
    assert "Not settled" in titles(samples.UNDECIDED)
    assert "skill was not assessed: it needs labels" in text(samples.UNDECIDED)


def test_a_fix_that_was_not_tried_is_a_suggestion() -> None:
    shown = text(samples.UNVERIFIED)
    assert "A suggested fix" in shown
    assert "not tried here" in shown
    assert "verified" not in shown


def test_words_that_depend_on_what_was_done() -> None:
    """Beside a fix that was not proven, others are not sufficient "too"; a replay alone tries nothing."""
    suggested = replace(samples.UNVERIFIED_FIX, alternatives=("relu-he",))
    assert "Sufficient in the trials: relu-he" in text(replace(samples.UNVERIFIED, fix=suggested))
    assert "The training replayed, on clones" in titles(samples.NOTHING_WRONG)
    assert "What was tried, on clones" in titles(samples.FLAT_DIAGNOSIS)


def test_nan_is_no_spread() -> None:
    shown = text(samples.NAN)
    assert "114 rows, not one of them a number" in shown
    assert "spread" not in shown


def test_text_that_looks_like_markup_is_shown_as_it_is() -> None:
    cause = samples.FLAT_DIAGNOSIS.causes[0]
    odd = replace(cause, assessment=replace(cause.assessment, layer="net[relu]", because="[bold] is [/x] here"))
    shown = text(replace(samples.FLAT_DIAGNOSIS, causes=(odd,), notes=("[red]note[/]",), first_equal_layer="a[b]"))
    for part in ("net[relu]", "[bold] is [/x] here", "[red]note[/]", "a[b]"):
        assert part in shown


def test_what_is_not_meant_for_eyes_does_not_reach_the_terminal() -> None:
    shown = render_text(samples.HOSTILE)
    assert not set(shown) & {"\x1b", "\x00", "\udc80", "\u202e"}
    assert "<script>alert('x')</script>|`rm`" in shown


def test_printing_is_the_text() -> None:
    out = io.StringIO()
    print_diagnosis(samples.FLAT_DIAGNOSIS, out)
    assert out.getvalue() == render_text(samples.FLAT_DIAGNOSIS, make_console(out).width)
    assert str(samples.FLAT_DIAGNOSIS) == render_text(samples.FLAT_DIAGNOSIS)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, pipe = Terminal(), io.StringIO()
    print_diagnosis(samples.FLAT_DIAGNOSIS, terminal)
    print_diagnosis(samples.FLAT_DIAGNOSIS, pipe)
    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in pipe.getvalue()


@pytest.mark.parametrize("manner", [Manner(color=False), Manner(ascii=True, color=False), None])
def test_no_colour_where_it_is_not_wanted(manner: Manner | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if manner is None:
        monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    print_diagnosis(samples.FLAT_DIAGNOSIS, terminal, manner)
    colours = re.findall(r"\x1b\[([0-9;]*)m", terminal.getvalue())
    assert not [
        one for one in colours if set(one.split(";")) & {str(code) for code in (*range(30, 39), *range(90, 98))}
    ]


@pytest.mark.parametrize("diagnosis", samples.EVERY, ids=lambda d: d.outcome)
@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "pipe"])
def test_ascii_only(diagnosis: Diagnosis, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old Windows console shows it: by option, and by itself where the encoding holds no more."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal() if terminal else io.StringIO()
    print_diagnosis(diagnosis, out, Manner(ascii=True))
    code = [] if diagnosis.fix is None else diagnosis.fix.code.splitlines()
    assert out.getvalue().isascii()
    assert all(len(line) <= 80 or line.strip() in code for line in out.getvalue().splitlines())
    raw = io.BytesIO()
    windows = io.TextIOWrapper(raw, encoding="cp1252", newline="\n")
    print_diagnosis(diagnosis, windows)
    windows.flush()
    shown = raw.getvalue().decode("cp1252")
    assert shown.isascii()
    assert "---" in shown
    assert ("?" in shown) == ("?" in render_text(diagnosis))


@pytest.mark.parametrize(("columns", "width"), [("70", 70), ("300", 120)])
def test_width_follows_the_terminal(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert make_console(Terminal()).width == width


def test_symptom_alone() -> None:
    out = io.StringIO()
    show(symptom_view("p.csv", samples.FLAT, [("defib run train.py", "why it is so")]), out)
    shown = re.sub(r"\s+", " ", out.getvalue())
    assert "0.6274 (the class prior)" in shown
    assert "only the output bias learns" in shown.lower()
    assert shown.endswith("Next defib run train.py why it is so ")


def test_a_file_that_cannot_hold_every_character() -> None:
    raw = io.BytesIO()
    log = io.TextIOWrapper(raw, encoding="ascii")
    print_diagnosis(samples.FLAT_DIAGNOSIS, log)
    assert b"unscaled-inputs (DF101)" in raw.getvalue()


@pytest.mark.parametrize("width", range(18, 40))
def test_a_number_and_its_per_cent_sign_are_never_parted(width: int) -> None:
    parted = Text.assemble(("less", "bold"), " than 100 % of the rows")
    for text in (Text("difference to the control [95 %]; more"), parted):
        assert not any(line.startswith("%") for line in plain(Group(text), width).splitlines())


def test_a_model_of_which_all_is_said_already_is_told_in_short() -> None:
    """Five folds of one network are one report, and four lines."""
    first, second = (replace(samples.FLAT_DIAGNOSIS, model=f"net #{number}") for number in (1, 2))
    out = io.StringIO()
    print_diagnosis(second, out, before=[samples.HEALTHY, first])
    shown = re.sub(r"\s+", " ", out.getvalue())
    assert "net #2 (keras)" in shown
    assert second.headline in shown
    assert "As with net #1: what it comes from and the fix are the same" in shown
    assert "Predictions" not in shown
    for other in (replace(first, fix=None), replace(first, model="other #1"), replace(first, causes=first.causes[1:])):
        out = io.StringIO()
        print_diagnosis(second, out, before=[other])
        assert "Predictions" in out.getvalue()


def test_what_is_only_explained_is_no_way_in_which_a_fault_acts() -> None:
    """A far target does not act through few updates."""
    first, second, dead = samples.FLAT_DIAGNOSIS.causes
    few = replace(second, code="DF506", name="undertrained", mechanism_of="DF101", tied_with=())
    shown = render_text(replace(samples.FLAT_DIAGNOSIS, causes=(replace(first, tied_with=()), few, dead)))
    acts, explained = shown.index("How unscaled-inputs acts"), shown.index("Also seen, explained by unscaled-inputs")
    assert acts < shown.index("dead-relus (DF401)") < explained < shown.index("undertrained (DF506)")


def test_of_one_value_for_all_rows_nothing_is_said_that_goes_without_saying() -> None:
    """No spread, no share of a median, and no ranking; how far a value lies from the mean is something else."""
    shown = text(samples.FLAT_DIAGNOSIS)
    assert "114 rows, all of them equal" in shown
    for word in ("spread between rows", "of the median", "0.50 is chance"):
        assert word not in shown
    far = replace(samples.FLAT, skill=Skill("r2", -4.2, (-5.0, -3.0), 114, "held_out"), output_kind="value")
    assert "R² -4.20" in text(replace(samples.FLAT_DIAGNOSIS, symptom=far))


def test_what_only_rounding_tells_apart_is_not_called_different() -> None:
    shown = text(replace(samples.FLAT_DIAGNOSIS, symptom=replace(samples.FLAT, n_unique=114, prediction_spread=2e-9)))
    assert "114 rows, equal but for their last digits" in shown
    assert "all different" not in shown


def test_a_fault_does_not_act_through_what_another_one_explains() -> None:
    first, second, dead = samples.FLAT_DIAGNOSIS.causes
    of_second = replace(dead, mechanism_of=second.code)
    shown = text(replace(samples.FLAT_DIAGNOSIS, causes=(first, second, of_second)))
    assert "How unscaled-inputs acts" not in shown
    assert "dead-relus (DF401, explained by learning-rate-too-high): all 64 units" in shown
    chain = (first, replace(second, mechanism_of=first.code, tied_with=()), of_second)
    assert "How unscaled-inputs acts - dead-relus (DF401):" in text(replace(samples.FLAT_DIAGNOSIS, causes=chain))

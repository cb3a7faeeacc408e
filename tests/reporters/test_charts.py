"""Drawings: where the marks stand, against coordinates worked out by hand, and that nothing is lost or breaks out."""

from __future__ import annotations

import math
import random
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from defib.reporters.charts import HEIGHT, MOST_POINTS, WIDTH, bar, columns, curve, dots, scale_line, whisker

NAN = float("nan")
HOSTILE = "\"><script>alert('x')</script>&"


def parsed(svg: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(svg))


def find(svg: Markup, kind: str) -> list[dict[str, str]]:
    return [one.attrib for one in parsed(svg).iter() if kind in one.get("class", "").split()]


def points(svg: Markup) -> list[list[tuple[float, float]]]:
    lines = [one.get("points", "").split() for one in parsed(svg).iter("polyline")]
    return [[(float(x), float(y)) for x, y in (pair.split(",") for pair in line)] for line in lines]


def test_a_bar_is_as_wide_as_its_share() -> None:
    assert [float(one["width"]) for one in find(bar(0.25, "a quarter"), "end")] == [25.0]
    assert [float(one["width"]) for one in find(bar(7.0, "too much"), "end")] == [100.0]
    assert [float(one["width"]) for one in find(bar(NAN, "none"), "end")] == [0.0]


def test_marks_on_a_line() -> None:
    svg = scale_line([("prior", 0.25, "a"), ("constant", 0.5, "b"), ("constant", 9.0, "c")], 0.0, 1.0, "x")
    assert [float(one["x1"]) for one in find(svg, "mark")] == [0.25 * WIDTH, 0.5 * WIDTH, WIDTH]


def test_a_curve_spans_its_box() -> None:
    chart = curve([4.0, 2.0, 3.0], "loss", level=2.0)
    ((first, second, third),) = points(chart.svg)
    assert [first[0], second[0], third[0]] == [0.0, WIDTH / 2, WIDTH]
    assert first[1] == 4.0
    assert second[1] == HEIGHT - 4
    assert third[1] == HEIGHT / 2
    assert float(find(chart.svg, "level")[0]["y1"]) == second[1]
    assert (chart.top, chart.bottom, chart.log) == ("4", "2", False)


def test_a_curve_over_decades_is_logarithmic() -> None:
    chart = curve([1000.0, 1.0, 0.1, 10.0], "loss")
    ys = [y for _, y in points(chart.svg)[0]]
    assert chart.log
    assert ys == pytest.approx([4 + (HEIGHT - 8) * (3 - math.log10(v)) / 4 for v in (1000, 1, 0.1, 10)], abs=0.06)


def test_gaps_where_it_is_not_finite() -> None:
    lines = points(curve([1.0, 2.0, NAN, math.inf, 3.0], "loss").svg)
    assert [len(line) for line in lines] == [2, 2]
    assert {x for x, _ in lines[1]} == {WIDTH}  # a dot


@pytest.mark.parametrize("values", [[], [1.0], [NAN, NAN], [2.0, 2.0], [0.0, -1.0]])
def test_what_gives_no_curve_gives_no_error(values: list[float]) -> None:
    for line in points(curve(values, "loss", level=0.5).svg):
        assert all(0 <= y <= HEIGHT for _, y in line)


def test_thinning_keeps_every_spike() -> None:
    values = [random.random() for _ in range(20_000)]
    values[12_345] = 50.0
    ((*line,),) = points(curve(values, "loss").svg)
    assert len(line) <= MOST_POINTS + 2
    assert min(y for _, y in line) == 4.0
    assert [x for x, _ in line] == sorted(x for x, _ in line)


def test_hover_tells_values() -> None:
    titles = [one.text for one in parsed(curve([1.0, 0.5], "loss").svg).iter("title")]
    assert titles == ["update 1 of 2: 1", "update 2 of 2: 0.5"]


def test_columns_stand_at_their_size() -> None:
    chart = columns([100.0, 1.0, 0.0], "sd", ["a", "b", "c"])
    large, one, zero = [float(dot["y"]) + 2.5 for dot in find(chart.svg, "dot")]
    assert one == pytest.approx(float(find(chart.svg, "level")[0]["y1"]), abs=0.06)
    assert large < one < zero == HEIGHT
    assert [float(dot["x"]) + float(dot["width"]) / 2 for dot in find(chart.svg, "dot")] == [100.0, 300.0, 500.0]


def test_seeds_and_effects() -> None:
    svg = dots([0.5, NAN, 9.0], "end", 0.0, 2.0, "seeds")
    assert [float(one["x"]) + 8 for one in find(svg, "end")] == [WIDTH / 4, WIDTH - 8]
    assert [float(one["x1"]) for one in find(svg, "tick")] == [0.0, WIDTH / 2]
    svg = whisker(0.5, (0.25, 1.5), 0.0, 1.0, "effect")
    assert [(float(one["x1"]), float(one["x2"])) for one in find(svg, "whisker")] == [(WIDTH / 4, WIDTH)]


def test_hostile_words_stay_words() -> None:
    drawn = (
        bar(0.5, HOSTILE),
        scale_line([("constant", 0.5, HOSTILE)], 0.0, 1.0, HOSTILE),
        curve([1.0, 2.0], HOSTILE, unit=HOSTILE).svg,
        columns([1.0], HOSTILE, [HOSTILE]).svg,
        dots([1.0], "end", 0.0, 1.0, HOSTILE),
        whisker(0.5, None, 0.0, 1.0, HOSTILE),
    )
    for svg in drawn:
        assert parsed(svg).get("aria-label") == HOSTILE
        assert {one.tag for one in parsed(svg).iter()} <= {"svg", "title", "rect", "line", "polyline"}

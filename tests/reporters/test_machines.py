"""Reports for machines, each read back by a reader of its format: SARIF, JUnit XML, Markdown, GitHub annotations."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from markdown_it import MarkdownIt

from defib.catalogue import CAUSES
from defib.diagnosis import Diagnosis
from defib.reporters import FORMATS, github, junit, markdown, sarif, write_report
from defib.reporters.background import Background, Behind
from tests.reporters import junit_shape, samples
from tests.reporters.sarif_schema import SARIF, validate

HERE = Background(script="/w/train.py", directory="/w", behind=(Behind({"fit": "/w/train.py:4"}),) * 9)


STARTS = {
    ".json": b"{",
    ".html": b"<!DOCTYPE html>",
    ".md": b"",
    ".sarif": b"{",
    ".xml": b"<?xml",
    ".png": b"\x89PNG",
    ".svg": b"<svg",
    ".pdf": b"%PDF",
}
PICTURES = (".png", ".svg", ".pdf")


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("background", [None, HERE], ids=["alone", "recorded"])
def test_every_format_takes_every_diagnosis(ending: str, background: Background | None, tmp_path: Path) -> None:
    for diagnoses in ([], samples.EVERY, [samples.HEALTHY]):
        path = write_report(diagnoses, tmp_path / f"x{ending}", background)
        written = path.read_bytes()
        assert written.startswith(STARTS[ending])
        if ending not in PICTURES:
            assert written.endswith(b"\n")
            assert write_report(diagnoses, path, background).read_bytes() == written


class TestSarif:
    @pytest.mark.parametrize("diagnosis", samples.EVERY, ids=lambda d: d.outcome)
    @pytest.mark.parametrize("background", [None, HERE], ids=["alone", "recorded"])
    def test_is_valid(self, diagnosis: Diagnosis, background: Background | None) -> None:
        log = json.loads(sarif.render([diagnosis], background))
        validate(log)

    def test_the_schema_is_one_and_refuses(self) -> None:
        jsonschema.Draft7Validator.check_schema(SARIF)
        log = sarif.report([samples.FLAT_DIAGNOSIS], HERE)
        for key, value in (("level", "fatal"), ("message", {}), ("ruleIndex", -2), ("unknown", 1)):
            broken = json.loads(json.dumps(log))
            broken["runs"][0]["results"][0][key] = value
            with pytest.raises(jsonschema.ValidationError):
                validate(broken)

    def test_one_result_per_fault_at_its_call(self) -> None:
        (run,) = sarif.report(samples.ALL, HERE)["runs"]
        found = [(one["ruleId"], one["level"]) for one in run["results"]]
        assert found == [("DF101", "error"), ("DF901", "note"), ("DF000", "error"), ("DF101", "error")]
        place = run["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "train.py", "uriBaseId": "%SRCROOT%"}
        assert place["region"] == {"startLine": 4}

    def test_rules_are_those_that_were_named(self) -> None:
        (run,) = sarif.report(samples.ALL, HERE)["runs"]
        rules = run["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == ["DF000", "DF101", "DF901"]
        assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one["ruleId"] for one in run["results"]]
        assert "## Look-alikes" in rules[1]["help"]["markdown"]
        assert sarif.UNDECIDED not in CAUSES

    def test_what_the_baseline_holds_is_suppressed(self) -> None:
        log = sarif.report([samples.FLAT_DIAGNOSIS, samples.FLAT_DIAGNOSIS], replace(HERE, accepted=(1,)))
        validate(log)
        found = [one.get("suppressions") for one in log["runs"][0]["results"]]
        assert found == [None, [{"kind": "external", "justification": "in the baseline"}]]

    def test_another_fault_is_a_result_of_its_own(self) -> None:
        apart = tuple(replace(one, tied_with=()) for one in samples.FLAT_DIAGNOSIS.causes)
        (run,) = sarif.report([replace(samples.FLAT_DIAGNOSIS, causes=apart)])["runs"]
        assert [(one["ruleId"], one["level"]) for one in run["results"]] == [("DF101", "error"), ("DF501", "warning")]

    @pytest.mark.parametrize(
        ("file", "expected"),
        [
            ("my code/träin.py", {"uri": "my%20code/tr%C3%A4in.py", "uriBaseId": "%SRCROOT%"}),
            ("/abs/train.py", {"uri": "file:///abs/train.py"}),
        ],
    )
    def test_paths_are_uris(self, file: str, expected: dict[str, str]) -> None:
        (result,) = sarif.report([samples.UNDECIDED], Background(script=file))["runs"][0]["results"]
        assert result["locations"] == [{"physicalLocation": {"artifactLocation": expected}}]


class TestJunit:
    @staticmethod
    def suite(*diagnoses: Diagnosis) -> ElementTree.Element:
        return junit_shape.read(junit.render(diagnoses, HERE).encode("utf-8", "replace"))

    def test_counts_and_outcomes(self) -> None:
        suite = self.suite(*samples.ALL)
        assert [case.get("name") for case in suite] == ["sequential"] * 5
        assert [next(iter(case)).tag for case in suite] == ["failure", "system-out", "system-out", "failure", "failure"]
        counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
        assert counts == {"tests": "5", "failures": "3", "errors": "0", "skipped": "0"}
        assert float(suite.get("time", "")) == pytest.approx(sum(one.seconds for one in samples.ALL), abs=1e-3)

    def test_what_only_lacks_labels_is_skipped(self) -> None:
        unknown = replace(samples.UNDECIDED, symptom=replace(samples.VARIED, skill=None))
        suite = self.suite(unknown)
        assert suite.get("skipped") == "1"
        assert suite[0][0].get("message") == unknown.headline

    def test_what_the_baseline_holds_does_not_fail(self) -> None:
        text = junit.render([samples.FLAT_DIAGNOSIS, samples.FLAT_DIAGNOSIS], replace(HERE, accepted=(1,)))
        (suite,) = ElementTree.fromstring(text.encode())
        assert (suite.get("failures"), suite.get("skipped")) == ("1", "1")
        assert [next(iter(case)).tag for case in suite] == ["failure", "skipped"]
        assert (suite[1][0].get("message") or "").startswith("in the baseline: The prediction is identical")

    def test_a_failure_carries_the_diagnosis(self) -> None:
        failure = self.suite(samples.FLAT_DIAGNOSIS)[0][0]
        assert failure.get("type") == "unscaled-inputs"
        assert failure.get("message") == samples.FLAT_DIAGNOSIS.headline
        assert failure.text is not None
        assert failure.text.startswith("train.py:4\n")
        assert "normalize.adapt(X_train)" in failure.text

    def test_the_shape_can_refuse(self) -> None:
        text = junit.render([samples.FLAT_DIAGNOSIS], HERE)
        for wrong in (text.replace("classname", "class"), text.replace('failures="1"', 'failures="2"')):
            assert wrong != text
            with pytest.raises(AssertionError):
                junit_shape.read(wrong.encode())

    def test_hostile_names_stay_text(self) -> None:
        suite = self.suite(samples.HOSTILE)
        assert {element.tag for element in suite.iter()} == {"testsuite", "testcase", "failure"}
        assert "<script>alert('x')</script>" in suite[0].get("name", "")


class TestMarkdown:
    """Read by a CommonMark parser with GitHub's tables."""

    @staticmethod
    def tokens(*diagnoses: Diagnosis) -> list[Any]:
        return MarkdownIt("commonmark").enable("table").parse(markdown.render(diagnoses, HERE))

    def test_sections_in_order(self) -> None:
        text = markdown.render([samples.FLAT_DIAGNOSIS], HERE)
        marks = (
            "### `sequential` (keras)",
            "**The prediction is identical",
            "#### The cause",
            "#### What was tried",
            "#### The smallest fix",
            "What it is not (7)",
            "Not settled (1)",
            "Not assessed (2)",
            "Notes (1)",
            "Next: `defib explain unscaled-inputs`",
        )
        places = [text.index(mark) for mark in marks]
        assert places == sorted(places)
        assert "at `train.py:4`" in text

    def test_the_table_of_trials(self) -> None:
        tokens = self.tokens(samples.FLAT_DIAGNOSIS)
        rows = [token for token in tokens if token.type == "tr_open"]
        cells = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "td_open"]
        assert len(rows) == 4
        assert cells[:5] == ["control", "0.00 0.01 -0.02", "", "control", "the recipe as recorded"]
        assert cells[5:9] == ["standardize-inputs", "0.98 1.01 0.97", r"+0.99 \[0.93, 1.05\]", "yes"]

    def test_code_is_a_block_that_nothing_closes(self) -> None:
        blocks = [token for token in self.tokens(samples.HOSTILE) if token.type == "fence"]
        assert len(blocks) == 1
        assert blocks[0].content.startswith("````\n</pre><script>")

    def test_hostile_names_stay_text(self) -> None:
        """The only HTML is ours."""
        tokens = self.tokens(samples.HOSTILE)
        inline = [child for token in tokens for child in token.children or []]
        html = [one.content for one in (*tokens, *inline) if one.type in ("html_block", "html_inline")]
        tags = set(re.findall(r"<[^>]*>", "".join(html)))
        assert tags <= {"<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", "<!-- -->"}
        assert len([token for token in tokens if token.type == "tr_open"]) == 3
        shown = markdown.render([samples.HOSTILE])
        prose = re.sub(r"(`+).*?\1", "", shown, flags=re.DOTALL)
        assert "@all" not in prose
        assert "#1" not in prose

    def test_what_the_baseline_holds_is_said(self) -> None:
        heads = [
            line
            for line in markdown.render([samples.FLAT_DIAGNOSIS] * 2, replace(HERE, accepted=(1,))).splitlines()
            if line.startswith("### ")
        ]
        assert heads == ["### `sequential` (keras)", "### `sequential` (keras), known: in the baseline"]

    def test_nothing_to_show(self) -> None:
        assert markdown.NO_MODEL in markdown.render([])


class TestGithub:
    def test_only_in_a_workflow(self) -> None:
        assert github.wanted({"GITHUB_ACTIONS": "true"})
        assert not github.wanted({})
        assert not github.wanted({"GITHUB_ACTIONS": "false"})

    def test_one_line_per_model_that_is_not_healthy(self) -> None:
        lines = github.render(samples.ALL, replace(HERE, accepted=(3,))).splitlines()
        assert [line.split(" ")[0] for line in lines] == ["::error", "::notice", "::notice", "::error"]
        assert lines[0].startswith(
            "::error file=train.py,line=4,title=defib%3A sequential%3A unscaled-inputs (DF101)::The"
        )

    def test_a_name_cannot_begin_a_command(self) -> None:
        (line,) = github.render([samples.HOSTILE], HERE).rstrip("\n").split("\n")
        command, _, message = line[2:].partition("::")
        assert command.count(",") == 2
        assert "%0A" in message
        assert "\r" not in line

    def test_a_healthy_model_says_nothing(self) -> None:
        assert github.render([samples.HEALTHY], HERE) == ""

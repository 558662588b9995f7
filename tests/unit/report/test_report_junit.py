from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from parley.report.junit import render_junit
from parley.report.load import load_run
from parley.verdict import Check, CheckState, Verdict
from sample_runs import HOSTILE, Shape, cells, of_every_verdict, result, write_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.record.results import CaseResult


def _junit(root: Path, results: Sequence[CaseResult]) -> ET.Element:
    text = render_junit(load_run(write_run(root, results, shape=Shape(transcripts=False))))
    return ET.fromstring(text)  # noqa: S314 -- written by the function under test


def test_counts_agree_with_the_elements(tmp_path: Path) -> None:
    root = _junit(tmp_path, of_every_verdict())
    [suite] = root.findall("testsuite")
    for element, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        found = len(suite.findall(f"testcase/{element}"))
        assert suite.get(attribute) == root.get(attribute) == str(found)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("9", "3", "2")


@pytest.mark.parametrize("one", of_every_verdict(), ids=lambda one: str(one.verdict))
def test_the_exact_verdict_is_kept_whatever_junit_can_say(tmp_path: Path, one: CaseResult) -> None:
    root = _junit(tmp_path, [one])
    properties = {
        item.get("name"): item.get("value") for item in root.findall(".//testcase/properties/property")
    }
    assert properties["verdict"] == one.verdict


def test_no_bad_verdict_passes(tmp_path: Path) -> None:
    root = _junit(tmp_path, of_every_verdict())
    clean = {
        case.get("name")
        for case in root.iter("testcase")
        if case.find("failure") is None and case.find("error") is None
    }
    assert clean == {one.case for one in of_every_verdict() if one.verdict.is_good}


def test_hostile_text_is_still_xml(tmp_path: Path) -> None:
    check = Check("x", CheckState.FAILED, "east", HOSTILE + "\x00\ufffe]]>")
    root = _junit(tmp_path, [result("one", Verdict.FAILED, reason=HOSTILE, checks=(check,))])
    failure = root.find(".//failure")
    assert failure is not None
    assert "\\x1b[2J" in (failure.get("message") or "")
    assert "\\x00\\ufffe]]>" in (failure.text or "")


def test_cells_are_grouped_by_scenario(tmp_path: Path) -> None:
    root = _junit(tmp_path, cells(["psk-tunnel"], ["libreswan"]))
    assert [case.get("classname") for case in root.iter("testcase")] == ["parley.psk-tunnel"]

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.record.history import VERDICTS, past_runs, write_verdicts
from parley.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path


def add(place: Path, name: str, started: str, verdict: Verdict = Verdict.PASSED) -> Path:
    root = place / name
    root.mkdir()
    write_verdicts(root, started, {"one": verdict})
    return root


def test_runs_that_began_before_are_found_oldest_first(tmp_path: Path) -> None:
    now = add(tmp_path, "b", "2026-11-03")
    add(tmp_path, "c", "2026-11-01", Verdict.FAILED)
    add(tmp_path, "a", "2026-11-02")
    add(tmp_path, "d", "2026-11-04")
    (tmp_path / "latest").symlink_to("d")
    (tmp_path / "other").mkdir()
    found = past_runs(now, "2026-11-03")
    assert [(past.name, past.verdicts) for past in found] == [
        ("c", {"one": Verdict.FAILED}),
        ("a", {"one": Verdict.PASSED}),
    ]


def test_only_the_last_are_remembered(tmp_path: Path) -> None:
    now = add(tmp_path, "now", "9")
    for number in range(25):
        add(tmp_path, f"run-{number:02}", f"{number:02}")
    assert [past.name for past in past_runs(now, "9")] == [f"run-{number:02}" for number in range(5, 25)]


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"schema": 1}', '{"schema": 99}', '{"schema": 1, "started": "1", "verdicts": {"x": "fine"}}'],
)
def test_damaged_verdicts_are_passed_over(tmp_path: Path, text: str) -> None:
    now = add(tmp_path, "now", "9")
    (add(tmp_path, "bad", "1") / VERDICTS).write_text(text)
    add(tmp_path, "good", "2")
    assert [past.name for past in past_runs(now, "9")] == ["good"]


def test_a_run_alone_has_no_past(tmp_path: Path) -> None:
    assert past_runs(add(tmp_path, "now", "1"), "1") == ()
    assert past_runs(tmp_path / "gone" / "now", "1") == ()

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.report.compare import ChangeKind, compare
from parley.report.load import LoadedRun, load_run
from parley.verdict import Verdict
from sample_runs import Shape, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

V = Verdict
K = ChangeKind


def _run(root: Path, verdict: Verdict | None, reason: str = "") -> LoadedRun:
    results = [] if verdict is None else [result("x", verdict, reason=reason)]
    run = load_run(write_run(root, results, shape=Shape(transcripts=False)))
    return LoadedRun(run.root, run.record, tuple(results))


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (V.PASSED, V.PASSED, None),
        (V.PASSED, V.FAILED, K.NEW_FAILURE),
        (V.FLAKY, V.DIFFERS, K.NEW_FAILURE),
        (V.KNOWN, V.FIXED, K.NEW_FAILURE),
        (V.LAB_ERROR, V.FAILED, K.NEW_FAILURE),
        (None, V.FAILED, K.NEW_FAILURE),
        (None, V.PASSED, K.ADDED),
        (V.PASSED, V.LAB_ERROR, K.LOST),
        (V.FAILED, V.NOT_RUN, K.LOST),
        (V.FAILED, V.PASSED, K.FIXED),
        (V.LAB_ERROR, V.PASSED, K.FIXED),
        (V.FAILED, V.FLAKY, K.VERDICT),
        (V.FAILED, V.DIFFERS, K.VERDICT),
        (V.PASSED, V.UNSUPPORTED, K.VERDICT),
        (V.LAB_ERROR, V.NOT_RUN, K.VERDICT),
        (V.PASSED, None, K.GONE),
    ],
)
def test_kind_of_change(tmp_path: Path, before: V | None, now: V | None, kind: K | None) -> None:
    changes = compare(_run(tmp_path / "now", now), _run(tmp_path / "before", before)).changes
    assert [change.kind for change in changes] == ([kind] if kind else [])


def test_the_same_verdict_for_another_reason_is_a_change(tmp_path: Path) -> None:
    now = _run(tmp_path / "now", V.FAILED, "no traffic")
    [change] = compare(now, _run(tmp_path / "before", V.FAILED, "no reply")).changes
    assert change.kind is K.REASON


def test_new_failures_come_first_and_other_reasons_after_fixes(tmp_path: Path) -> None:
    names = {"r": V.FAILED, "f": V.FAILED, "n": V.PASSED, "g": V.PASSED}
    later = {"r": V.FAILED, "f": V.PASSED, "n": V.FAILED}
    bare = Shape(transcripts=False)
    before = load_run(
        write_run(tmp_path / "a", [result(n, v, reason="a") for n, v in names.items()], shape=bare)
    )
    now = load_run(
        write_run(tmp_path / "b", [result(n, v, reason="b") for n, v in later.items()], shape=bare)
    )
    comparison = compare(now, before)
    assert [change.case for change in comparison.changes] == ["n", "f", "r", "g"]
    assert comparison.is_worse
    assert comparison.by_case()["f"].kind is K.FIXED
    assert not compare(before, before).is_worse

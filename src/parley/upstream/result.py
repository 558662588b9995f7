"""The result.json of one case of Libreswan's own suite, as its own runner writes it (testing/utils/fab)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from parley.upstream.judge import ISSUES, TIMEOUT
from parley.verdict import CheckState, Verdict

if TYPE_CHECKING:
    from parley.record.results import CaseResult

# Libreswan's word for each verdict (testing/utils/fab/resolution.py); those that mean a good end pass.
_RESULTS = {
    Verdict.DIFFERS: "failed",
    Verdict.FAILED: "failed",
    Verdict.UNSUPPORTED: "unsupported",
    Verdict.LAB_ERROR: "unresolved",
    Verdict.NOT_RUN: "untested",
}
_PLATFORM = "linux"
ALL = "all"


def result_json(result: CaseResult) -> dict[str, Any]:
    """The result.json of one case. Times are in seconds, dates in UTC."""
    record: dict[str, Any] = {
        "test_name": result.case,
        "test_kind": result.kind,
        "test_status": result.status,
        "test_guest_platforms": [_PLATFORM for _ in result.hosts],
        "test_host_names": [host.name for host in result.hosts],
        "result": _RESULTS.get(result.verdict, "passed"),
        "issues": _issues(result),
    }
    if result.started:
        started = datetime.fromisoformat(result.started)
        record["start_time"] = utc(started)
        record["stop_time"] = utc(started + timedelta(seconds=sum(result.durations.values())))
    if result.durations:
        record["total_time"] = round(sum(result.durations.values()), 1)
        record["boot_time"] = round(result.durations.get("boot", 0), 1)
        record["test_time"] = round(result.durations.get("play", 0), 1)
    return record


def _issues(result: CaseResult) -> dict[str, list[str]]:
    """What is wrong by host; what concerns no host alone stands under `all`, as upstream has it."""
    issues: dict[str, list[str]] = {}
    for check in result.checks:
        if check.state in {CheckState.DIFFERS, CheckState.FAILED, CheckState.ERROR} and check.name in ISSUES:
            host = check.host or (result.hosts[0].name if check.name == TIMEOUT and result.hosts else ALL)
            names = issues.setdefault(host, [])
            if check.name not in names:
                names.append(check.name)
    return issues


def utc(moment: datetime) -> str:
    """A time in UTC as upstream writes it."""
    return moment.replace(tzinfo=None).isoformat() + "Z"

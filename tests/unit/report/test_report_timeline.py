from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from parley.record.layout import RunLayout
from parley.record.results import write_json
from parley.report.html.timeline import view_timeline
from parley.report.html.write import write_report
from parley.report.load import load_run
from parley.report.timeline import log_lines
from parley.verdict import Verdict
from parley.wire.ladder import Ladder
from parley.wire.message import Message
from parley.wire.pcapng import PcapngWriter
from sample_runs import Shape, host, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

    from parley.record.layout import CaseLayout

# 24 November 2026, 14:00:00 UTC.
BEGAN = 1795528800 * 10**9
REQUEST = Message(3, 1.25, "west", "east", "IKE_AUTH", 1, False, True, "aa", "bb", 300, ("SK",))
RESPONSE = replace(REQUEST, frame=4, seconds=1.5, sender="east", receiver="west", is_response=True)
LADDER = Ladder((REQUEST, RESPONSE))
HOSTS = ("west", "east")


@pytest.fixture
def case(tmp_path: Path) -> CaseLayout:
    layout = RunLayout(tmp_path).case("one")
    layout.root.mkdir(parents=True)
    with PcapngWriter.create(layout.capture) as writer:
        writer.write(writer.add_interface("x"), BEGAN, b"\0" * 60)
    write_json(layout.ladder, LADDER)
    return layout


def log(case: CaseLayout, name: str, text: str) -> None:
    path = case.share / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def told(case: CaseLayout) -> list[tuple[float, str, str]]:
    return [(round(line.seconds, 3), line.host, line.text) for line in log_lines(case, HOSTS, LADDER)]


def test_stamps_of_the_daemons_are_read(case: CaseLayout) -> None:
    log(case, "west/log/pluto.log", "Nov 24 14:00:01.250000: starting\nNov 24 14:00:02.500000: done\n")
    log(case, "east/log/charon.log", "Nov 24 14:00:02 00[DMN] ready\n")
    assert told(case) == [(1.25, "west", "starting"), (2.0, "east", "00[DMN] ready"), (2.5, "west", "done")]


def test_lines_without_a_stamp_follow_the_messages_that_they_speak_of(case: CaseLayout) -> None:
    lines = [
        "policy loaded",
        "spi=0x1: send IKE_AUTH req 1 peer 192.1.2.23:500",
        "ikev2_pld_xform: more 3 reserved 0 length 8",
        "0a1b 2c3d",
        "waiting",
        "spi=0x1: recv IKE_AUTH res 1 peer 192.1.2.23:500",
        "spi=0x1: recv IKE_AUTH res 1 peer 192.1.2.23:500",
    ]
    log(case, "west/log/iked.log", "\n".join(lines))
    assert [seconds for seconds, _, _ in told(case)] == [0.0, 1.25, 1.25, 1.5, 1.5]
    log(case, "east/log/charon.log", "Nov 24 14:00:01 05[ENC] parsed IKE_AUTH request 1 [ IDi ]\n")
    assert (1.25, "east", "05[ENC] parsed IKE_AUTH request 1 [ IDi ]") in told(case)


@pytest.mark.parametrize(
    "line",
    [
        "Feb 30 14:00:01 no such day",
        "Xyz 24 14:00:01 no month",
        "Nov 24 99:00:01 no hour",
        "Jan  1 00:00:00 long ago",
    ],
)
def test_a_stamp_that_cannot_be_is_not_believed(case: CaseLayout, line: str) -> None:
    log(case, "west/log/pluto.log", f"Nov 24 14:00:03.000000: before\n{line}\n")
    assert [seconds for seconds, _, _ in told(case)] == [3.0, 3.0]


def test_a_log_without_end_is_cut(case: CaseLayout) -> None:
    log(case, "west/log/pluto.log", "word " * 200 + "\n" + "line\n" * 5000)
    lines = told(case)
    assert len(lines) == 401
    assert len(lines[0][2]) == 300
    assert lines[-1][2] == "... (the log has more)"


def test_the_page_shows_both_logs_and_the_wire_as_text(case: CaseLayout) -> None:
    log(case, "west/log/pluto.log", "Nov 24 14:00:01.000000: <script>alert(1)</script>\x1b[2J\n")
    cell = result("one", hosts=(host("west", "libreswan"), host("east", "strongswan")))
    view = view_timeline(case, cell)
    assert view is not None
    assert (view.hosts, view.lines) == (HOSTS, 1)
    first, second, third = view.rows.split("\n")
    assert "<td>&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J</td><td></td><td></td>" in first
    assert "<td></td><td><b>west → east IKE_AUTH 1 request SK</b></td><td></td>" in second
    assert "1.500" in third


def test_without_logs_or_a_ladder_there_is_no_timeline(case: CaseLayout) -> None:
    cell = result("one", hosts=(host("west", "libreswan"),))
    assert view_timeline(case, cell) is None
    log(case, "west/log/pluto.log", "line\n")
    assert view_timeline(case, result("one", hosts=())) is None
    case.ladder.write_text("{")
    assert view_timeline(case, cell) is None


@pytest.mark.parametrize(("verdict", "shown"), [(Verdict.PASSED, False), (Verdict.FAILED, True)])
def test_a_large_run_shows_logs_only_where_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdict: Verdict, shown: bool
) -> None:
    monkeypatch.setattr("parley.report.html.pages._MOST_TIMELINES", 0)
    run = load_run(write_run(tmp_path, [result("one", verdict)], shape=Shape(transcripts=False)))
    write_json(run.case("one").ladder, LADDER)
    log(run.case("one"), "west/log/pluto.log", "line\n")
    write_report(run)
    assert ("Logs and messages" in (tmp_path / "report/cases/one.html").read_text()) is shown

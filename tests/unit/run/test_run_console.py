"""Scripted cases on hosts behind consoles (the double of fake_consoles), beside hosts that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

from case_files import case_of, write_files
from fake_consoles import Manners, console_plan
from fake_labs import equipment, plan
from parley.backend.fake import FakeBackend
from parley.lab.host import DEFAULT_LIMITS
from parley.record.layout import CaseLayout
from parley.run.scripted import ScriptedJob
from parley.run.worker import run_job
from parley.verdict import Verdict
from toy_guests import Guests

if TYPE_CHECKING:
    from pathlib import Path

    from parley.record.results import CaseResult

SCRIPT = """\
east# echo $PARLEY_HOST; pwd | sed 's/.*\\(testing\\)/\\1/'
west# ipsec start
east# cat east.iked.conf; echo to west >OUTPUT/note; (exit 3)
"""
CONSOLE = """\
echo $PARLEY_HOST; pwd | sed 's/.*\\(testing\\)/\\1/'
east
testing/suite/tunnel
east #
 cat east.iked.conf; echo to west >OUTPUT/note; (exit 3)
passive
east #
"""


def play(place: Path, manners: Manners) -> tuple[CaseResult, CaseLayout]:
    files = {
        "description.txt": "A tunnel\n",
        "all.east-west.sh": SCRIPT,
        "east.iked.conf": "passive\n",
        "east.console.txt": "what Linux prints\n",
        "east.openbsd.console.txt": CONSOLE,
        "west.console.txt": "ipsec start\nwest #\n",
    }
    directory = write_files(place / "suite" / "tunnel", files)
    case = case_of(directory, east="openbsd/iked", west="debian/libreswan")
    tools = equipment(place, FakeBackend(Guests()))
    layout = CaseLayout(place / "cases" / "tunnel")
    job = ScriptedJob(
        name=case.name,
        title=case.title,
        layout=layout,
        equipment=tools,
        limits=DEFAULT_LIMITS,
        rerun="",
        case=case,
    )
    plans = (console_plan(place, manners), plan("west", tools, "libreswan"))
    with patch("parley.run.scripted.plan_hosts", return_value=plans):
        return run_job(job, lambda _: None), layout


def test_a_case_with_one_host_behind_a_console_passes_with_its_platform_s_reference(tmp_path: Path) -> None:
    result, layout = play(tmp_path, Manners())
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")
    assert {host.name: host.platform for host in result.hosts} == {"east": "openbsd", "west": "debian"}
    assert (layout.share / "testing/suite/tunnel/OUTPUT/note").read_text() == "to west\n"


def test_a_kernel_that_panics_is_a_lab_error_and_what_was_printed_is_kept(tmp_path: Path) -> None:
    result, layout = play(tmp_path, Manners(dies=b"have step.0002"))
    assert result.verdict is Verdict.LAB_ERROR
    assert "panic: kernel diagnostic assertion failed" in result.reason
    assert "testing/suite/tunnel" in layout.raw_transcript("east").read_text()

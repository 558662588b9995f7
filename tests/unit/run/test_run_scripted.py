from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from case_files import case_of, write_files
from fake_labs import equipment
from parley.backend.fake import Answer, FakeBackend
from parley.lab.host import DEFAULT_LIMITS
from parley.record.layout import CaseLayout
from parley.record.results import read_play
from parley.run.scripted import ScriptedJob
from parley.run.worker import run_job
from parley.verdict import Verdict
from toy_guests import HURRIED, LEFT, Guests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.lab.host import Limits
    from parley.lab.lab import Lab
    from parley.record.results import CaseResult

SCRIPT = "east# ipsec start\nwest# ipsec up tunnel\n"
REFERENCES = {
    "west.console.txt": "ipsec up tunnel\nup\nwest #\n",
    "east.console.txt": "ipsec start\neast #\n",
}
UP = {"ipsec up": Answer(b"up\n")}


def job(place: Path, guests: Guests, limits: Limits = DEFAULT_LIMITS, **files: str) -> ScriptedJob:
    """The job of a case with these files, on fakes."""
    directory = write_files(
        place / "suite" / "tunnel",
        {"description.txt": "A tunnel\n", "all.east-west.sh": SCRIPT, **REFERENCES, **files},
    )
    case = case_of(directory, east="debian/openiked", west="debian/libreswan")
    return ScriptedJob(
        name=case.name,
        title=case.title,
        layout=CaseLayout(place / "cases" / "tunnel"),
        equipment=equipment(place, FakeBackend(guests)),
        limits=limits,
        rerun="parley run tunnel",
        case=case,
    )


def run(one: ScriptedJob) -> CaseResult:
    return run_job(one, lambda _: None)


def test_a_case_that_prints_its_reference_passes(tmp_path: Path) -> None:
    one = job(tmp_path, Guests(UP))
    result = run(one)
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")
    assert {host.name: host.implementation for host in result.hosts} == {
        "east": "openiked",
        "west": "libreswan",
    }
    record = read_play(one.layout.play)
    assert [(step.host, step.text, step.status) for step in record.steps] == [
        ("east", "ipsec start", 0),
        ("west", "ipsec up tunnel", 0),
    ]
    assert set(record.durations) == {"boot", "play", "collect"}


@pytest.mark.parametrize(
    ("guests", "verdict", "reason"),
    [
        (
            Guests({"ipsec up": Answer(b"down\n")}),
            Verdict.DIFFERS,
            "west: transcript: 1 line missing, 1 unexp",
        ),
        (
            Guests({"ipsec up": Answer(b"UNEXPECTED: echo was lost\n")}),
            Verdict.FAILED,
            "west: as expected: echo",
        ),
        (Guests({"ipsec up": Answer(dies=True)}), Verdict.LAB_ERROR, "lab: west: its kernel ended"),
        (Guests({"east: ping": Answer(dies=True)}), Verdict.LAB_ERROR, "lab: east: its kernel ended"),
        (Guests({**UP, "set -- '": Answer()}), Verdict.LAB_ERROR, "east: no SA left: was not collected"),
    ],
)
def test_what_goes_wrong_has_its_own_verdict(
    tmp_path: Path, guests: Guests, verdict: Verdict, reason: str
) -> None:
    result = run(job(tmp_path, guests))
    assert result.verdict is verdict
    assert reason in result.reason


def test_a_step_past_its_limit_fails_and_what_came_before_is_kept(tmp_path: Path) -> None:
    one = job(tmp_path, Guests({"ipsec up": Answer(b"trying\n", status=None)}), limits=HURRIED)
    result = run(one)
    assert result.verdict is Verdict.FAILED
    assert result.reason.startswith("steps end in time: west: step 1 `ipsec up tunnel` ran past 1 s")
    assert "trying" in one.layout.transcript("west").read_text()


ECHO = "east# ipsec start\nwest# ipsec up tunnel\nwest# ../../guestbin/echo.sh\n"
LOST = Answer(b"UNEXPECTED: echo was lost\n")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"rejected: AUTHENTICATION_FAILED\nrevival in 8 s\n", "rejected: AUTHENTICATION_FAILED"),
        (b"sent\ngave up\n", "gave up"),
        (b"", "exit status 56"),
    ],
)
def test_a_reason_names_the_command_that_did_not_succeed_before(
    tmp_path: Path, said: bytes, reason: str
) -> None:
    guests = Guests({"ipsec up": Answer(said, status=56), "../../guestbin/echo": LOST})
    result = run(job(tmp_path, guests, DEFAULT_LIMITS, **{"all.east-west.sh": ECHO}))
    expectation = "west: as expected: echo was lost (`../../guestbin/echo.sh`)"
    assert result.reason == f"{expectation}; before it `ipsec up tunnel` on west: {reason}"
    assert "parley accept" not in str(result.checks)


def test_a_helper_script_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    guests = Guests({**UP, "../../guestbin/echo": Answer(b"No such file or directory\n", status=127)})
    result = run(job(tmp_path, guests, DEFAULT_LIMITS, **{"all.east-west.sh": ECHO}))
    assert result.verdict is Verdict.FAILED
    assert "no such helper script" in result.reason


# A script may add a route and leave it: routes are judged in cells, where all is the daemons' doing.
@pytest.mark.parametrize("name", [name for name in LEFT if name != "routes.left"])
def test_what_a_host_is_left_with_is_judged(tmp_path: Path, name: str) -> None:
    guests = Guests(UP)
    guests.left[name] = "src 192.1.2.45 dst 192.1.2.23\n\tdir in Call Trace:\n"
    assert run(job(tmp_path, guests)).verdict is Verdict.FAILED


def test_a_platform_that_is_not_here_is_unsupported_and_boots_nothing(tmp_path: Path) -> None:
    guests = Guests(UP)
    one = job(tmp_path, guests)
    case = case_of(one.case.directory, east="openbsd/openiked", west="debian/libreswan")
    result = run(ScriptedJob(**{**fields_of(one), "case": case}))  # type: ignore[arg-type]  # by name
    assert result.verdict is Verdict.UNSUPPORTED
    assert guests.heard == []


def fields_of(one: ScriptedJob) -> dict[str, object]:
    names = ("name", "title", "layout", "equipment", "limits", "rerun", "case")
    return {name: getattr(one, name) for name in names}


def test_a_lab_that_is_to_be_kept_is_held_after_the_last_step_and_before_it_ends(tmp_path: Path) -> None:
    held: list[str] = []

    def hold(lab: Lab, progress: Callable[[str], None]) -> None:
        progress("kept")
        held.append(lab.hosts["west"].run("ipsec up").output)

    one = job(tmp_path, Guests(UP))
    result = run(ScriptedJob(**{**fields_of(one), "hold": hold}))  # type: ignore[arg-type]  # by name
    assert held == ["up\n"]
    assert result.verdict is Verdict.PASSED
    assert "hold" in result.durations

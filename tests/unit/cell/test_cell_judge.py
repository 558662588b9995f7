from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cell_samples import AS_ASKED, BLOCKED, HOSTS, Cell, echoes, pair, shown
from parley.cell.judge import judge_cell
from parley.judge.judge import conclude
from parley.scenario.model import Role
from parley.verdict import Verdict
from parley.wire.pcapng import PcapngWriter
from scenario_files import scenario

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("toys")

REFUSED = f"""{AS_ASKED}
[initiator]
secret = "the-secret-of-the-initiator-is-this-one"

[responder]
secret = "the-secret-of-the-responder-is-another"

[expect]
outcome = "refused"
"""

STATE = ("xfrm-state.left", "xfrm-policy.left", "routes.left", "cores", "unstoppable", "dmesg")


def finished(cell: Cell) -> Cell:
    """A cell with an empty capture and nothing left on its hosts."""
    with PcapngWriter.create(cell.layout.capture):
        pass
    for host in HOSTS.values():
        (cell.layout.share / host / "state").mkdir(parents=True)
        for name in STATE:
            (cell.layout.share / host / "state" / name).touch()
    return cell


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    made = Cell(tmp_path)
    made.ran(Role.INITIATOR, "blocked", echoes(BLOCKED, "down"), text=BLOCKED)
    made.look("traffic", pair(), more=6)
    made.look("down", ())
    return finished(made)


@pytest.fixture
def refused(tmp_path: Path) -> Cell:
    made = Cell(tmp_path, scenario(REFUSED))
    made.ran(Role.INITIATOR, "blocked", echoes(BLOCKED, "down"), text=BLOCKED)
    made.ran(Role.INITIATOR, "up", "no", code=1)
    made.look("up", ())
    return finished(made)


def verdict(cell: Cell) -> tuple[Verdict, str]:
    return conclude(judge_cell(cell.layout, cell.record, cell.scenario))


def test_a_good_cell_passes_every_check(cell: Cell) -> None:
    assert verdict(cell) == (Verdict.PASSED, "")
    names = {check.name for check in judge_cell(cell.layout, cell.record, cell.scenario)}
    assert {
        "nothing passes before",
        "kernels agree (traffic)",
        "SAs gone (down)",
        "nothing in clear",
    } <= names
    assert {"no SA left", "no core file", "daemon log clean", "daemon exit", "kernel quiet"} <= names


def test_a_refused_cell_passes(refused: Cell) -> None:
    assert verdict(refused) == (Verdict.PASSED, "")


def test_a_refused_cell_that_left_an_sa_fails(refused: Cell) -> None:
    refused.look("up", (), pair())
    assert verdict(refused)[0] is Verdict.FAILED


def test_a_broken_lab_is_all_that_is_said(cell: Cell) -> None:
    cell.error = "east: its kernel ended"
    assert verdict(cell) == (Verdict.LAB_ERROR, "lab: east: its kernel ended")
    assert len(judge_cell(cell.layout, cell.record, cell.scenario)) == 1


def test_a_cell_that_was_stopped_says_what_the_failed_command_said_last(cell: Cell) -> None:
    cell.ran(Role.INITIATOR, "up", "initiating\n", code=1)
    (cell.layout.share / cell.commands[-1].error).write_text("peer said NO_PROPOSAL_CHOSEN\n")
    for purpose in ("kernel", "status", "keys", "unguard"):
        cell.ran(Role.INITIATOR, purpose, f"{purpose} is no reason", code=1)
    cell.stopped = "the connection did not come up"
    reason = "steps: the connection did not come up: peer said NO_PROPOSAL_CHOSEN"
    assert verdict(cell) == (Verdict.FAILED, reason)


def test_a_cell_that_was_stopped_by_a_limit_does_not_blame_an_earlier_command(cell: Cell) -> None:
    cell.ran(Role.INITIATOR, "start", "an old complaint", code=1)
    cell.ran(Role.INITIATOR, "rekey-child", "", code=None)
    cell.stopped = "initiator: rekey-child failed"
    assert verdict(cell)[1] == "steps: initiator: rekey-child failed"


def test_what_stopped_a_cell_is_told_in_few_words(cell: Cell) -> None:
    cell.ran(Role.INITIATOR, "up", b"\xff" * 100_000, code=1)
    cell.stopped = "the connection did not come up"
    assert len(verdict(cell)[1]) < 300


def test_a_kernel_that_did_not_show_its_state_is_a_lab_error(refused: Cell) -> None:
    index = refused.ran(Role.RESPONDER, "kernel", "", code=None)
    refused.checkpoints[0].kernel[Role.RESPONDER] = index
    assert verdict(refused)[0] is Verdict.LAB_ERROR
    assert "east did not show its kernel's state" in verdict(refused)[1]


@pytest.mark.parametrize("name", ["cmd/0001.out", "state/cores", "state/exits"])
def test_a_file_that_a_guest_replaced_is_a_lab_error(cell: Cell, name: str) -> None:
    path = cell.layout.share / "west" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    found, reason = verdict(cell)
    assert found is Verdict.LAB_ERROR
    assert "a guest replaced it" in reason


@pytest.mark.parametrize("name", ["cmd/0001.out", "state/cores"])
def test_a_link_that_a_guest_planted_is_not_followed(cell: Cell, tmp_path: Path, name: str) -> None:
    path = cell.layout.share / "west" / name
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert verdict(cell)[0] is Verdict.LAB_ERROR
    assert "root:" not in repr(judge_cell(cell.layout, cell.record, cell.scenario))
    assert tmp_path.exists()


def test_a_capture_that_is_none_is_a_lab_error(cell: Cell) -> None:
    cell.layout.capture.write_bytes(b"no capture")
    assert verdict(cell)[0] is Verdict.LAB_ERROR
    cell.layout.capture.unlink()
    assert verdict(cell)[0] is Verdict.LAB_ERROR


HOSTILE = (
    b"",
    b"\x00" * 4096,
    b"\xff\xfe" * 4096,
    b"==== policy ====\n" * 1000,
    b"done 0001 0\n" * 1000,
    b"src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x" + b"9" * 10_000,
    b"lifetime current:\n" + b"9" * 10_000 + b"(bytes), 1(packets)\n",
    b"192.0.1.254 192.0.2.254 56 up\n" * 10_000,
    b"\x1b]0;owned\x07<script>alert(1)</script>\n",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("number", range(9))
def test_whatever_a_guest_wrote_is_judged_and_never_raises(cell: Cell, number: int, text: bytes) -> None:
    (cell.layout.share / cell.commands[number].output).write_bytes(text)
    assert verdict(cell)[0] in {Verdict.FAILED, Verdict.LAB_ERROR}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("name", ["state/exits", "log/toy.log", "state/dmesg", "state/cores"])
def test_whatever_a_guest_left_behind_is_judged_and_never_raises(cell: Cell, name: str, text: bytes) -> None:
    path = cell.layout.share / "west" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text)
    assert verdict(cell)[0] in {Verdict.PASSED, Verdict.FAILED, Verdict.LAB_ERROR}


def test_no_check_shows_a_key(cell: Cell) -> None:
    west = pair()
    cell.look("traffic", west, pair(key="c3" * 20), more=6)
    cell.look("rekey-child by initiator", pair("0000000a", "0000000b", key="d4" * 20), more=0)
    cell.look("down", west)
    checks = judge_cell(cell.layout, cell.record, cell.scenario)
    assert len(shown(checks)) > 3
    for key in ("a1" * 8, "b2" * 8, "c3" * 8, "d4" * 8):
        assert key not in repr(checks)


def test_echoes_in_clear_of_a_transport_mode_over_ipv6_are_not_taken_for_leaks(tmp_path: Path) -> None:
    text = AS_ASKED + 'mode = "transport"\n[network]\nouter = "ipv6"\n'
    made = Cell(tmp_path, scenario(text))
    made.ran(Role.INITIATOR, "blocked", echoes(BLOCKED, "down"), text=BLOCKED)
    made.look("traffic", pair(mode="transport"), more=6)
    made.look("down", ())
    assert verdict(finished(made)) == (Verdict.PASSED, "")

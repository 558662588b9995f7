from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cell_samples import IN, OUT, Cell, pair, shown, status
from parley.cell.agreement import check_agreement
from parley.cell.changes import check_torn_down
from parley.scenario.model import Role
from scenario_files import scenario

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("toys")

NEW = ("0000000a", "0000000b")
NOW = {
    Role.INITIATOR: status(children=((NEW[1], NEW[0]),)),
    Role.RESPONDER: status(children=((NEW[0], NEW[1]),)),
}


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    made = Cell(tmp_path)
    made.look("traffic", pair(), more=6)
    return made


def rekeyed(cell: Cell) -> list[str]:
    return [line for line in shown(list(check_agreement(cell.evidence))) if line.startswith("rekeyed")]


def test_a_rekey_with_new_sas_on_both_ends_and_traffic_is_one(cell: Cell) -> None:
    cell.look("rekey-child by initiator", pair(*NEW), more=6, says=NOW)
    checks = list(check_agreement(cell.evidence))
    assert shown(checks) == []
    assert [check.detail for check in checks if check.name == "rekeyed (rekey-child by initiator)"] == [
        "0000000a, 0000000b"
    ]


def test_a_rekey_may_leave_the_old_sas_for_a_while(cell: Cell) -> None:
    cell.look("rekey-child by both", (*pair(*NEW), *pair()), (*pair(*NEW), pair()[0]), more=6, says=NOW)
    assert rekeyed(cell) == []


def test_a_rekey_that_changed_nothing_is_found_out(cell: Cell) -> None:
    cell.look("rekey-child by initiator", pair(packets=6), more=6)
    assert rekeyed(cell) == [
        "rekeyed (rekey-child by initiator): no pair of SAs on both ends that was not there before"
    ]


def test_a_rekey_that_only_one_end_did_is_found_out(cell: Cell) -> None:
    cell.look("rekey-child by initiator", (*pair(*NEW), *pair()), pair(), more=6)
    assert rekeyed(cell) == [
        "rekeyed (rekey-child by initiator): no pair of SAs on both ends that was not there before"
    ]


def test_a_rekey_after_which_traffic_keeps_to_the_old_sas_is_found_out(cell: Cell) -> None:
    cell.look("rekey-child by initiator", (*pair(*NEW), *pair()), more=0, says=NOW)
    assert rekeyed(cell) == [
        "rekeyed (rekey-child by initiator): no traffic on the new SAs 0000000a, 0000000b"
    ]


@pytest.mark.parametrize("kind", ["rekey-ike", "reauthenticate"])
def test_an_ike_rekey_needs_an_ike_sa_that_neither_had(cell: Cell, kind: str) -> None:
    new = {
        Role.INITIATOR: status("00000000000000cc"),
        Role.RESPONDER: status("00000000000000cc", children=((OUT, IN),)),
    }
    cell.look(f"{kind} by responder", pair(packets=6), more=6, says=new)
    assert rekeyed(cell) == []
    cell.look(f"{kind} by responder", pair(packets=12), more=6, says=new)
    assert rekeyed(cell) == [
        f"rekeyed ({kind} by responder): no IKE SA on both ends that was not there before"
    ]


def test_an_ike_rekey_of_one_end_alone_is_found_out(cell: Cell) -> None:
    cell.look(
        "rekey-ike by initiator", pair(packets=6), more=6, says={Role.INITIATOR: status("00000000000000cc")}
    )
    assert rekeyed(cell) == [
        "rekeyed (rekey-ike by initiator): no IKE SA on both ends that was not there before"
    ]


def test_an_ike_rekey_that_cannot_be_seen_is_an_error(cell: Cell) -> None:
    cell.look("rekey-ike by initiator", pair(packets=6), more=6, says={Role.INITIATOR: "no such thing"})
    (line,) = rekeyed(cell)
    assert line.startswith("rekeyed (rekey-ike by initiator): status not understood")


def torn_down(cell: Cell) -> list[str]:
    return shown(list(check_torn_down(cell.evidence)))


def test_a_teardown_that_leaves_nothing_is_one(cell: Cell) -> None:
    cell.look("down", ())
    checks = list(check_torn_down(cell.evidence))
    assert [(check.name, check.host, check.state) for check in checks] == [
        ("SAs gone (down)", "west", "ok"),
        ("SAs gone (down)", "east", "ok"),
    ]


@pytest.mark.parametrize("name", ["down", "delete-child"])
def test_a_teardown_that_the_peer_never_heard_of_is_found_out(cell: Cell, name: str) -> None:
    cell.look(name, (), pair())
    assert torn_down(cell) == [f"SAs gone ({name}) [east]: still there: {IN}, {OUT}"]


def test_what_one_end_alone_had_since_a_crash_may_stay(tmp_path: Path) -> None:
    cell = Cell(tmp_path)
    cell.look("traffic", pair(*NEW), (*pair(*NEW), *pair()), more=6, says=NOW)
    cell.look("down", (), pair())
    assert torn_down(cell) == []


def test_deleting_one_of_several_children_leaves_the_others(tmp_path: Path) -> None:
    child = '[[child]]\nname = "{}"\ninitiator = "192.0.{}.0/24"\nresponder = "192.0.{}.0/24"\n'
    children = child.format("first", 1, 2) + child.format("second", 11, 22)
    cell = Cell(tmp_path, scenario(children))
    cell.look("traffic", (*pair(), *pair(*NEW)), more=6)
    cell.look("delete-child", pair(*NEW))
    assert torn_down(cell) == []


def test_keys_of_left_sas_are_not_shown(cell: Cell) -> None:
    cell.look("down", pair())
    assert "a1a1a1" not in repr(list(check_torn_down(cell.evidence)))

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cell_samples import BLOCKED, IN, OUT, PINGS, Cell, echoes, pair, shown
from parley.cell.traffic import check_blocked, check_traffic
from parley.scenario.model import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("toys")


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    return Cell(tmp_path)


def complaints(cell: Cell) -> list[str]:
    return shown(list(check_traffic(cell.evidence)))


def test_echoes_that_come_back_and_counters_that_grow_by_them_are_traffic(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6)
    checks = list(check_traffic(cell.evidence))
    assert [(check.name, check.detail) for check in checks] == [
        ("traffic from initiator (traffic)", "3 echoes"),
        ("traffic from responder (traffic)", "3 echoes"),
        ("counters grow (traffic)", f"{IN} +6, {OUT} +6"),
    ]
    assert shown(checks) == []


def test_a_look_without_traffic_is_not_judged_by_it(cell: Cell) -> None:
    cell.look("up", pair())
    assert list(check_traffic(cell.evidence)) == []


def only(number: int) -> Callable[[str], str]:
    return lambda command: "".join(echoes(command).splitlines(keepends=True)[:number])


def test_a_lost_echo_is_found_out_and_named(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6, answers=lambda text: echoes(text).replace("3000 up", "3000 down"))
    assert complaints(cell) == [
        "traffic from initiator (traffic) [west]: 1 of 3 lost: 192.0.1.254 to 192.0.2.254, 3000 bytes",
        "traffic from responder (traffic) [east]: 1 of 3 lost: 192.0.2.254 to 192.0.1.254, 3000 bytes",
    ]


@pytest.mark.parametrize(
    "answers",
    [
        only(2),
        lambda _: "",
        lambda _: "192.0.1.254 192.0.2.254 56 up\n" * 3,
        lambda text: echoes(text) + echoes(text, "down"),
        lambda text: echoes(text).replace("up", "up!"),
        lambda _: "done 0001 0\n==== policy ====\n\x1b[2J up",
    ],
)
def test_an_echo_that_a_guest_does_not_vouch_for_is_lost(cell: Cell, answers: Callable[[str], str]) -> None:
    cell.look("traffic", pair(), more=6, answers=answers)
    assert [line.partition(" (")[0] for line in complaints(cell)] == [
        "traffic from initiator",
        "traffic from responder",
    ]


def test_a_command_that_sends_nothing_is_no_traffic(cell: Cell) -> None:
    cell.look("traffic", pair(), more=6)
    commands = [replace(each, command="true") for each in cell.commands]
    cell.commands[:] = commands
    assert "traffic from initiator (traffic) [west]: nothing was sent" in complaints(cell)


def test_counters_that_do_not_grow_are_found_out(cell: Cell) -> None:
    cell.look("traffic", pair(packets=100), more=0)
    seen = f"initiator: {OUT} +0, {IN} +0; responder: {OUT} +0, {IN} +0"
    assert complaints(cell) == [
        f"counters grow (traffic): fewer than 12 packets on SAs that both have: {seen}"
    ]


@pytest.mark.parametrize("more", [1, 3, 5])
def test_traffic_of_which_a_part_went_elsewhere_is_found_out(cell: Cell, more: int) -> None:
    cell.look("traffic", pair(), more=more)
    assert "fewer than 12 packets" in complaints(cell)[0]


def test_counters_that_grow_on_one_end_only_are_found_out(cell: Cell) -> None:
    cell.look("traffic", pair(), pair(out="0badcafe", back="0badbeef"), more=6)
    assert "fewer than 12 packets on SAs that both have" in complaints(cell)[0]


def test_traffic_that_goes_one_way_only_is_found_out(cell: Cell) -> None:
    cell.look("traffic", (pair()[0],), more=12)
    assert f"initiator: {OUT} +12; responder: {OUT} +12" in complaints(cell)[0]


def test_packets_of_ipcomp_do_not_count_for_those_of_esp(cell: Cell) -> None:
    cell.look("traffic", pair(protocol="comp", algorithm="comp deflate "), more=6)
    assert complaints(cell)[0].endswith("initiator: no SA; responder: no SA")


def test_an_sa_that_came_in_between_counts_in_full(cell: Cell) -> None:
    cell.look("traffic", (), more=None)
    point = cell.checkpoints.pop()
    cell.look("later", pair(), more=6)
    later = cell.checkpoints.pop()
    cell.checkpoints.append(replace(later, kernel=point.kernel))
    assert complaints(cell) == []


def blocked(cell: Cell, output: str) -> list[str]:
    cell.ran(Role.INITIATOR, "blocked", output, text=BLOCKED)
    return shown(list(check_blocked(cell.evidence)))


def test_nothing_passes_before_there_is_a_tunnel(cell: Cell) -> None:
    assert blocked(cell, echoes(BLOCKED, "down")) == []
    assert [check.host for check in check_blocked(cell.evidence)] == ["west"]


def test_an_echo_without_a_tunnel_is_found_out(cell: Cell) -> None:
    assert blocked(cell, echoes(BLOCKED)) == [
        "nothing passes before [west]: an echo came back without a tunnel"
    ]


@pytest.mark.parametrize("output", ["", "\xff", "down\n"])
def test_a_try_that_left_no_word_proves_nothing(cell: Cell, output: str) -> None:
    assert blocked(cell, output) == ["nothing passes before [west]: nothing was tried"]


def test_the_samples_are_what_the_lab_sends() -> None:
    assert echoes(PINGS[Role.INITIATOR]).splitlines() == [
        f"192.0.1.254 192.0.2.254 {size} up" for size in (56, 1300, 3000)
    ]

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cell_samples import OUT, Cell, pair, shown
from ike_messages import INFORMATIONAL, SPI_I, SPI_R, message
from parley.cell.commands import flow
from parley.cell.life import check_life
from parley.cell.record import Flow
from parley.scenario.model import Action, Role, ScenarioStep
from parley.wire.pcapng import PcapngWriter
from wire_frames import EAST, WEST, esp, ethernet, ipv4, udp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from parley.scenario.model import Scenario

pytestmark = pytest.mark.usefixtures("toys")

ENDS = ("192.0.1.254", "192.0.2.254")
FLOW = flow([ENDS], seconds=60, every=1, size=56)
_UDP = 17
_ESP = 50
_START = 1_795_478_400


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    return Cell(tmp_path)


def with_flow(cell: Cell, told: str, *, may_lose: int = 0) -> list[str]:
    """What is said of a flow of 60 echoes of which a guest tells `told`."""
    step = ScenarioStep(Action.FLOW, None, 60, every=1, may_lose=may_lose)
    cell.scenario = replace(cell.scenario, steps=(ScenarioStep(Action.UP), step))
    cell.flows = [Flow(1, {Role.INITIATOR: cell.ran(Role.INITIATOR, "flow", told, text=FLOW)})]
    return shown(list(check_life(cell.evidence)))


def test_a_flow_that_lost_nothing_is_fine(cell: Cell) -> None:
    assert with_flow(cell, f"{' '.join(ENDS)} sent 60 received 60\n") == []


def test_a_lost_echo_is_told_with_its_time(cell: Cell) -> None:
    told = f"[1795531886.107302] 192.0.2.254 unanswered: 7\n{' '.join(ENDS)} sent 60 received 59\n"
    (complaint,) = with_flow(cell, told)
    assert complaint.startswith("flow from initiator (step 2) [west]: 1 of 60 echoes lost, 0 allowed: ")
    assert complaint.endswith(": [1795531886.107302] 192.0.2.254 unanswered: 7")


def test_a_flow_may_lose_as_many_as_the_scenario_allows(cell: Cell) -> None:
    assert with_flow(cell, f"{' '.join(ENDS)} sent 60 received 57\n", may_lose=3) == []
    assert with_flow(cell, f"{' '.join(ENDS)} sent 60 received 56\n", may_lose=3) != []


@pytest.mark.parametrize(
    "told",
    [
        "",
        "192.0.1.254 192.0.2.254 sent 20 received 20\n",  # it gave up early
        "192.0.1.254 192.0.2.254 sent 1 received 9999\n",  # nobody gets more answers than it asked for
        "192.0.1.254 192.0.9.9 sent 60 received 60\n",
        "192.0.1.254 192.0.2.254 sent \u0666\u0660 received \u0666\u0660x\n",
    ],
)
def test_what_a_guest_leaves_out_or_makes_up_is_lost(cell: Cell, told: str) -> None:
    assert len(with_flow(cell, told)) == 1


def test_a_flow_without_echoes_proves_nothing(cell: Cell) -> None:
    cell.flows = [Flow(0, {Role.RESPONDER: cell.ran(Role.RESPONDER, "flow", "", text="wait")})]
    assert shown(list(check_life(cell.evidence))) == ["flow from responder (step 1) [east]: nothing was sent"]


def test_who_noticed_holds_no_sa(cell: Cell) -> None:
    cell.look("notice by initiator", [], pair())
    assert shown(list(check_life(cell.evidence))) == []
    cell.look("notice by both", [], pair())
    (complaint,) = shown(list(check_life(cell.evidence)))
    assert complaint.startswith("noticed (notice by both) [east]: SAs are still there: c07b2cc5, cb1321c5")


def test_an_up_that_must_be_refused_leaves_no_sa_on_either_end(cell: Cell) -> None:
    cell.look("refused (step 7)", [], [])
    assert shown(list(check_life(cell.evidence))) == []
    cell.look("refused (step 9)", pair())
    assert [line.partition(":")[0] for line in shown(list(check_life(cell.evidence)))] == [
        "refused (step 9) [west]",
        "refused (step 9) [east]",
    ]


def capture(cell: Cell, frames: Iterable[tuple[float, str, bytes]]) -> None:
    """A capture of (seconds, sender, IP payload with its protocol in front)."""
    with PcapngWriter.create(cell.layout.capture) as writer:
        ports = {host: writer.add_interface(f"internet/{host}.eth1") for host in ("west", "east")}
        for seconds, host, data in frames:
            ends = (WEST, EAST) if host == "west" else (EAST, WEST)
            packet = ipv4(*ends, data[0], data[1:])
            writer.write(ports[host], _START * 10**9 + round(seconds * 10**9), ethernet(packet))


def protected(spi: int) -> bytes:
    return bytes([_ESP]) + esp(spi)


def request(number: int, *, spi: bytes = SPI_I, exchange: int = INFORMATIONAL) -> bytes:
    sent = message([], spi_i=spi, spi_r=SPI_R, exchange=exchange, message_id=number)
    return bytes([_UDP]) + udp(500, 500, sent)


def expecting(cell: Cell, **changes: object) -> Scenario:
    return replace(cell.scenario, expect=replace(cell.scenario.expect, **changes))  # type: ignore[arg-type]  # by name


def test_sas_are_counted_by_what_the_initiator_sent_with_them(cell: Cell) -> None:
    capture(cell, [(spi / 1000, "west", protected(spi)) for spi in (1000, 1000, 2000, 3000)])
    cell.scenario = expecting(cell, child_sas=(3, 3))
    assert shown(list(check_life(cell.evidence))) == []
    cell.scenario = expecting(cell, child_sas=(4, 9))
    assert shown(list(check_life(cell.evidence))) == ["Child SAs used: 3, expected 4 to 9"]


def test_sas_that_only_the_responder_used_and_keepalives_do_not_count(cell: Cell) -> None:
    keepalive = bytes([_UDP]) + udp(4500, 4500, b"\xff")
    capture(cell, [(0, "west", protected(1000)), (1, "east", protected(2000)), (2, "west", keepalive)])
    cell.scenario = expecting(cell, child_sas=(1, 1))
    assert shown(list(check_life(cell.evidence))) == []


def test_ike_sas_are_counted_by_their_spis(cell: Cell) -> None:
    other = b"\x01" * 8
    capture(
        cell,
        [(0, "west", request(2)), (1, "west", request(0, spi=other)), (2, "west", request(1, spi=other))],
    )
    cell.scenario = expecting(cell, ike_sas=(1, 1))
    assert shown(list(check_life(cell.evidence))) == ["IKE SAs used: 2, expected 1"]


def times(cell: Cell, moments: Iterable[float], documented: tuple[float, ...]) -> list[str]:
    """What is said of a request sent at these moments."""
    capture(cell, [(0, "west", request(1)), *((10 + moment, "west", request(2)) for moment in moments)])
    cell.scenario = expecting(cell, retransmits=(Role.INITIATOR,))
    evidence = cell.evidence
    evidence.driver(Role.INITIATOR).retransmissions = lambda: documented  # type: ignore[method-assign]  # no toy documents any
    return shown(list(check_life(evidence)))


def test_retransmissions_come_when_the_documentation_says(cell: Cell) -> None:
    assert times(cell, (0, 4, 11.3, 24), (4.0, 11.2, 24.2)) == []


@pytest.mark.parametrize(
    "moments", [(0, 4, 11.2), (0, 4, 11.2, 24.2, 47.5), (0, 2, 11.2, 24.2), (0, 6, 11.2, 24.2)]
)
def test_too_few_too_many_too_early_or_too_late_are_failures(cell: Cell, moments: tuple[float, ...]) -> None:
    (complaint,) = times(cell, moments, (4.0, 11.2, 24.2))
    assert complaint.startswith("retransmissions of the initiator [west]: after ")
    assert complaint.endswith("s, documented 4, 11.2, 24.2 s")


def test_no_retransmission_at_all_is_a_failure(cell: Cell) -> None:
    assert times(cell, (0,), (4.0,)) == [
        "retransmissions of the initiator [west]: no request was ever sent again"
    ]


def test_a_daemon_that_documents_nothing_is_no_failure(cell: Cell) -> None:
    assert times(cell, (0, 1), ()) == [
        "retransmissions of the initiator [west]: this daemon does not document them"
    ]


def test_a_capture_that_is_not_there_is_told(cell: Cell) -> None:
    cell.scenario = expecting(cell, ike_sas=(1, 1))
    (complaint,) = shown(list(check_life(cell.evidence)))
    assert complaint.startswith("hours on the wire: cannot be told")
    assert OUT not in complaint

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cell_samples import IN, OUT, Cell, Sa, kernel, pair, shown
from parley.cell.record import Checkpoint
from parley.cell.refusal import check_refusal
from parley.scenario.model import Role

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("toys")


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    return Cell(tmp_path)


def complaints(cell: Cell) -> list[str]:
    return shown(list(check_refusal(cell.evidence)))


def test_a_refusal_leaves_both_ends_empty(cell: Cell) -> None:
    cell.look("up", ())
    assert [(check.host, check.state) for check in check_refusal(cell.evidence)] == [
        ("west", "ok"),
        ("east", "ok"),
    ]


def test_an_sa_that_waits_for_a_peers_answer_is_none(cell: Cell) -> None:
    # What the kernel keeps of a packet that wants an SA (xfrm_state with no algorithm).
    cell.look("up", (Sa("00000000", algorithm="anti-replay context: seq 0x0"),))
    assert complaints(cell) == []


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"protocol": "ah", "algorithm": "auth-trunc hmac(sha256) 0x{key} (256 bits) 128"},
        {"algorithm": "enc ecb(cipher_null) "},
    ],
)
def test_a_refused_connection_that_left_sas_is_found_out(cell: Cell, change: dict[str, str]) -> None:
    cell.look("up", (), pair(**change))
    assert complaints(cell) == [f"refused [east]: SAs although the connection must be refused: {IN}, {OUT}"]
    assert "a1a1a1" not in repr(list(check_refusal(cell.evidence)))


def test_a_refusal_that_held_at_first_only_is_found_out(cell: Cell) -> None:
    cell.look("up", ())
    cell.look("traffic", pair(), (), more=6)
    assert [line.partition(":")[0] for line in complaints(cell)] == ["refused [west]"]


def test_a_connection_that_was_never_tried_was_not_refused(cell: Cell) -> None:
    assert complaints(cell) == ["refused: it was never tried"]


def test_a_kernel_that_was_not_seen_is_not_empty(cell: Cell) -> None:
    index = cell.ran(Role.INITIATOR, "kernel", kernel(Role.INITIATOR, ()), code=None)
    cell.checkpoints.append(Checkpoint("up", dict.fromkeys(Role, index), dict.fromkeys(Role, index)))
    with pytest.raises(ValueError, match="did not show"):
        complaints(cell)

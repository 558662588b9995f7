from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cell_samples import Cell, shown
from parley.cell.keys import check_keys
from parley.scenario.model import Role

if TYPE_CHECKING:
    from pathlib import Path

    from parley.verdict import Check

pytestmark = pytest.mark.usefixtures("toys")

ROW = '{spis},{key},{key},"AES-CBC-128 [RFC3602]",{check},{check},"HMAC_SHA2_256_128 [RFC4868]"\n'
FIRST, SECOND = "11" * 8 + "," + "22" * 8, "33" * 8 + "," + "44" * 8


def row(spis: str, octet: str) -> str:
    return ROW.format(spis=spis, key=octet * 16, check=octet * 32)


def found(place: Path, west: str, east: str, stopped: str = "", gone: int = 0) -> list[Check]:
    cell = Cell(place)
    for host, text in (("west", west), ("east", east)):
        path = cell.layout.share / host / "state/ikev2_decryption_table"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    cell.stopped = stopped
    cell.ran(Role.RESPONDER, "gone", "", code=gone)
    return list(check_keys(cell.evidence))


def test_the_same_keys_on_both_ends_are_fine(tmp_path: Path) -> None:
    (check,) = found(tmp_path, row(FIRST, "a1") + row(SECOND, "b2"), row(FIRST, "a1"))
    assert (check.state, check.detail) == ("ok", "2 IKE SAs")


def test_without_keys_nothing_is_said(tmp_path: Path) -> None:
    assert found(tmp_path, "", "") == []


@pytest.mark.parametrize(
    ("stopped", "gone", "state"), [("down failed", 0, "failed"), ("", 1, "failed"), ("", 0, "warning")]
)
def test_other_keys_on_the_other_end_are_why_a_cell_stopped_or_an_end_kept_its_sas(
    tmp_path: Path, stopped: str, gone: int, state: str
) -> None:
    west, east = (row(FIRST, "a1") + row(SECOND, octet) for octet in ("b2", "c3"))
    checks = found(tmp_path, west, east, stopped, gone)
    assert [check.state for check in checks] == [state]
    assert "derived different keys for the same IKE SA (1 times)" in shown(checks)[0]
    assert "b2" * 8 not in shown(checks)[0]

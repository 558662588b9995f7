from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cell_samples import IN, KEY, OUT, Cell, pair
from parley.cell.evidence import fingerprint
from parley.record.results import write_json
from parley.report.html.kernels import view_kernels

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("toys")


def test_both_kernels_are_shown_as_they_were_with_sas(tmp_path: Path) -> None:
    cell = Cell(tmp_path)
    cell.look("traffic", pair(), more=6)
    cell.look("down", ())
    write_json(cell.layout.cell, cell.record)
    west, east = view_kernels(cell.layout)
    assert (west.host, east.host) == ("west", "east")
    for state in (west, east):
        assert OUT in state.states
        assert IN in state.states
        assert KEY not in state.states
        assert fingerprint(KEY) in state.states


def test_where_no_sa_was_ever_looked_at_there_is_nothing_to_show(tmp_path: Path) -> None:
    cell = Cell(tmp_path)
    assert view_kernels(cell.layout) == ()
    cell.look("down", ())
    write_json(cell.layout.cell, cell.record)
    assert view_kernels(cell.layout) == ()
    cell.layout.cell.write_text("{")
    assert view_kernels(cell.layout) == ()

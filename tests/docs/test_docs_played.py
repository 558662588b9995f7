"""Plays pages as a reader would: writes the files, types the commands, compares what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console_blocks import PLAYED, ROOT, blocks, file_name, typed

if TYPE_CHECKING:
    from pathlib import Path

# What a reader does once, and whoever runs this test has done.
DONE = ("make ", "export PATH=")


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYED)
def test_a_page_is_true_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    (tmp_path / "suites").symlink_to(ROOT / "suites")
    played = 0
    for block in blocks(ROOT / name):
        if target := file_name(block):
            (tmp_path / target).write_text(block.body)
        for one in typed(block):
            if one.command.startswith(DONE):
                continue
            run = one.run(tmp_path)
            assert not one.shown or one.shows(run.stdout), f"{one}: {one.command}\n{run.stdout}{run.stderr}"
            played += 1
    assert played > 2

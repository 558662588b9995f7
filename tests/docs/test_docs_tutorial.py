"""Plays the tutorial as a reader would: writes the files, types the commands, compares what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console_blocks import ROOT, blocks, file_name, typed

if TYPE_CHECKING:
    from pathlib import Path

TUTORIAL = ROOT / "docs" / "tutorial.md"
# What a reader does once, and whoever runs this test has done.
DONE = ("make ", "export PATH=")


@pytest.mark.lab
@pytest.mark.slow
def test_the_tutorial_is_true(tmp_path: Path) -> None:
    (tmp_path / "suites").symlink_to(ROOT / "suites")
    played = 0
    for block in blocks(TUTORIAL):
        if name := file_name(block):
            (tmp_path / name).write_text(block.body)
        for one in typed(block):
            if one.command.startswith(DONE):
                continue
            run = one.run(tmp_path)
            assert not one.shown or one.shows(run.stdout), f"{one}: {one.command}\n{run.stdout}{run.stderr}"
            played += 1
    assert played > 10

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.image.cpio import Archive

if TYPE_CHECKING:
    from pathlib import Path


def example() -> bytes:
    archive = Archive()
    archive.directory("bin")
    archive.file("bin/tool", b"#!/bin/sh\n", mode=0o755)
    archive.file("odd", b"12345")
    archive.link("bin/sh", "tool")
    return archive.finish()


def test_every_part_begins_at_a_multiple_of_four() -> None:
    data = example()
    assert len(data) % 4 == 0
    begins = [index for index in range(len(data)) if data.startswith(b"070701", index)]
    assert len(begins) == 5
    assert all(index % 4 == 0 for index in begins)
    assert b"TRAILER!!!" in data


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio is not there")
def test_cpio_reads_it(tmp_path: Path) -> None:
    subprocess.run(["cpio", "-idm", "--quiet"], input=example(), cwd=tmp_path, check=True)
    assert (tmp_path / "odd").read_bytes() == b"12345"
    assert (tmp_path / "bin/sh").read_bytes() == b"#!/bin/sh\n"
    assert (tmp_path / "bin/tool").stat().st_mode & 0o777 == 0o755

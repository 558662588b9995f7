from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.backend.base import Disk
from parley.errors import ImageError, MissingError
from parley.image import clone as module
from parley.image.clone import clone
from parley.lab.jail import Owner

if TYPE_CHECKING:
    from pathlib import Path

needs_tools = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not there")


@needs_tools
def test_a_clone_holds_only_what_is_changed(tmp_path: Path) -> None:
    base = Disk(tmp_path / "base.raw")
    base.path.write_bytes(bytes(16 * 1024**2))
    made = clone(base, tmp_path / "clone.qcow2", Owner(os.getuid(), os.getgid()))
    assert made == Disk(tmp_path / "clone.qcow2", "qcow2", backing=base)
    assert made.path.stat().st_size < 1024**2
    told = subprocess.run(
        ["qemu-img", "info", "--output=json", made.path], capture_output=True, text=True, check=True
    )
    facts = json.loads(told.stdout)
    assert (facts["virtual-size"], facts["backing-filename"]) == (16 * 1024**2, str(base.path))


@needs_tools
def test_what_is_not_there_cannot_be_cloned(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"cloning gone\.raw failed"):
        clone(Disk(tmp_path / "gone.raw"), tmp_path / "clone.qcow2")


def test_without_the_program_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> str:
        raise MissingError("there is no program qemu-img")

    monkeypatch.setattr(module, "run", run)
    with pytest.raises(MissingError) as caught:
        clone(Disk(tmp_path / "base"), tmp_path / "clone")
    assert "qemu-utils" in caught.value.hint

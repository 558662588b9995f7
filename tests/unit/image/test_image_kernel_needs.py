from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from parley.errors import ImageError, MissingError
from parley.image import kernel_needs as module
from parley.image.kernel_needs import missing_for_kernel, require_for_kernel

if TYPE_CHECKING:
    from pathlib import Path


def lacking(monkeypatch: pytest.MonkeyPatch, *programs: str, free: int = 10**6) -> None:
    """A machine on which all but some programs work, with `free` MiB."""
    monkeypatch.setattr(module, "missing_requirements", list)
    monkeypatch.setattr(module, "works", lambda *command: command[0] not in programs)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free * 2**20))


def test_nothing_is_missing_where_all_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch)
    assert missing_for_kernel() == []
    require_for_kernel(tmp_path)


@pytest.mark.parametrize(("user", "sudo"), [(0, ""), (1000, "sudo ")])
def test_one_message_names_all_that_root_must_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int, sudo: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    lacking(monkeypatch, "gcc", "flex", "bison", "bc")
    with pytest.raises(MissingError, match=r"(?s)flex: .*bison: .*bc: .*C compiler") as caught:
        require_for_kernel(tmp_path)
    assert caught.value.hint == f"{sudo}apt-get install -y bc bison flex gcc libc6-dev"


def test_a_compiler_without_a_library_is_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "missing_requirements", list)
    monkeypatch.setattr(module, "works", lambda *command: "-o" not in command)
    (need,) = missing_for_kernel()
    assert need.package == "gcc libc6-dev"


def test_a_full_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, free=1000)
    with pytest.raises(ImageError, match="1000 MiB free, and building a kernel takes 3584"):
        require_for_kernel(tmp_path)

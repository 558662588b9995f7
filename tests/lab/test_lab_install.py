"""The emulated PC of `parley install`, with a boot sector of the test's own in place of OpenBSD's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from iso_samples import openbsd_files, write_by_pycdlib
from parley.install.console import ConsoleClosedError, ConsoleTimeoutError, Limit
from parley.install.emulated_pc import emulated_pc
from parley.install.machine import PowerOn, make_disk
from parley.install.openbsd_answers import Release, answer_table
from parley.install.openbsd_image import edited_iso

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab

_LIMIT = Limit("test", 120)
_WORDS = b"cdbr was started\r\n\0"
# ds:si = the words behind the code; each to COM1; then ACPI's S5 by q35's port 0x604 (SeaBIOS sets it up).
_TALKS = bytes.fromhex("31c08ed8be1d7cbaf803fcac84c07403eeebf8")
_OFF = bytes.fromhex("ba0406b80020eff4ebfd")
BOOT_SECTOR = (_TALKS + _OFF + _WORDS).ljust(2048, b"\0")


def what(tmp_path: Path, cdrom: Path | None) -> PowerOn:
    disk = tmp_path / "disk.qcow2"
    make_disk(disk, "64M")
    return PowerOn("test", disk, cdrom, tmp_path / "console.log", boots_cdrom=cdrom is not None)


def test_a_bios_boots_an_edited_iso_and_a_machine_that_powers_off_is_gone(tmp_path: Path) -> None:
    release = Release("7.8", "amd64")
    files = openbsd_files() | {"/7.8/amd64/cdbr": BOOT_SECTOR}
    original = write_by_pycdlib(tmp_path / "install78.iso", files, "/7.8/amd64/cdbr")
    edited = tmp_path / "edited.iso"
    edited_iso(original, edited, release, answer_table(release))
    with emulated_pc(what(tmp_path, edited)) as console:
        console.expect(rb"cdbr was started\r\n", limit=_LIMIT)
        console.expect_end(_LIMIT)


def test_a_disk_with_nothing_on_it_ends_at_the_limit(tmp_path: Path) -> None:
    with emulated_pc(what(tmp_path, None)) as console, pytest.raises(ConsoleTimeoutError):
        console.expect(rb"login: ", limit=Limit("boot", 2))


def test_a_machine_that_does_not_start_says_why(tmp_path: Path) -> None:
    request = what(tmp_path, None)
    request.disk.write_bytes(b"no disk at all")
    with pytest.raises(ConsoleClosedError, match=r"QEMU said: .*qcow2"), emulated_pc(request) as console:
        console.expect(rb"login: ", limit=_LIMIT)

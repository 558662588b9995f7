from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import ImageError, MissingError
from parley.image import disk
from parley.image.disk import disk_key, ensure_disk, first_sector, second_sectors
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.image.store import Store

MIB = 1024**2
KERNEL = Kernel("pc", "6", Path("linux"), Path("modules"), "k1", frozenset(), initrd=Path("initrd"))
IMAGE = Image("libreswan", Path("root.ext4"), {}, "i1")


def test_a_disk_has_a_table_that_others_read() -> None:
    sector = first_sector(b"\xeb" * 512, [MIB, 3 * MIB], [2 * MIB, 5 * MIB])
    assert len(sector) == 512
    assert sector[510:] == b"\x55\xaa"
    first, second = (sector[446 + 16 * number : 462 + 16 * number] for number in range(2))
    assert (first[0], first[4], struct.unpack("<II", first[8:])) == (0x80, 0x83, (2048, 4096))
    assert (second[0], second[4], struct.unpack("<II", second[8:])) == (0, 0x83, (6144, 10240))
    assert sector[462 + 16 : 510] == bytes(32)


def test_the_boot_loader_is_told_where_its_rest_lies() -> None:
    sector = first_sector(b"\xeb" * 512, [], [])
    assert struct.unpack_from("<Q", sector, 0x5C) == (1,)
    assert sector[0x64] == 0xFF
    assert sector[0x66:0x68] == b"\x90\x90"


@given(st.integers(min_value=513, max_value=200_000))
def test_every_sector_of_the_boot_loader_is_read(size: int) -> None:
    data = second_sectors(b"\xaa" * size)
    start, sectors, segment = struct.unpack_from("<QHH", data, 500)
    assert (start, segment) == (2, 0x820)
    assert (sectors + 1) * 512 >= size > sectors * 512
    assert len(data) == size


def test_a_boot_loader_that_reaches_into_the_first_partition_is_refused() -> None:
    with pytest.raises(ImageError, match="too many"):
        second_sectors(bytes(MIB))


def test_a_disk_is_made_anew_for_another_image_or_kernel() -> None:
    keys = {
        disk_key(IMAGE, KERNEL),
        disk_key(replace(IMAGE, digest="i2"), KERNEL),
        disk_key(IMAGE, replace(KERNEL, digest="k2")),
    }
    assert len(keys) == 3


def test_what_is_missing_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program, **_: program == "qemu-img" or None)
    with pytest.raises(MissingError, match="grub-mkimage") as caught:
        ensure_disk(Store(tmp_path), IMAGE, KERNEL)
    assert "grub-common" in caught.value.hint


def test_a_kernel_of_user_mode_linux_boots_no_pc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_require", lambda: None)
    with pytest.raises(ImageError, match="no emulated PC"):
        ensure_disk(Store(tmp_path), IMAGE, replace(KERNEL, initrd=None))
    assert Store(tmp_path).entries() == []

"""Disks that a PC boots by itself, put together from an image and a kernel of the store.

::

    sector 0       a partition table, and GRUB's first 440 bytes
    sector 1       the rest of GRUB, with its commands inside
    partition 1    the kernel and its initial file system
    partition 2    the root file system, the image as it is
    partition 3    modules

Nothing is installed by hand or by a program that asks: any image becomes a disk, also one that was
compiled from a tree of sources, in seconds and without root.
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from parley.backend.base import Disk
from parley.backend.qemu_command import KERNEL_PARAMETERS
from parley.errors import ImageError, MissingError
from parley.image.command import environment, run
from parley.image.kernel import pack
from parley.image.recipe import digest
from parley.image.store import Key, Made, Progress, Store, silent

if TYPE_CHECKING:
    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image

KIND = "disk"

_SECTOR = 512
# Partitions begin at whole MiB; GRUB has the first.
_ALIGNMENT = 1024**2
_LINUX = 0x83
_ACTIVE = 0x80
_TABLE = 446
_BOOT_CODE = 440

# GRUB's first sector: where it finds its second, on which drive (0xff: the one it came from), and a jump
# for floppies that two nops replace, as grub-bios-setup(8) does.
_SECOND_SECTOR, _DRIVE, _FLOPPY_JUMP = 0x5C, 0x64, 0x66
# The end of its second sector: where the rest lies, its length in sectors, and where in memory it goes.
_REST = _SECTOR - 12
_REST_SEGMENT = 0x820
_GRUB = Path("/usr/lib/grub/i386-pc")
_GRUB_MODULES = ("biosdisk", "part_msdos", "ext2", "linux", "serial", "terminal")

# On the serial port, as a PC without a screen has no other place for what it says.
_COMMANDS = f"""\
serial --unit=0 --speed=115200
terminal_output serial
set root=(hd0,msdos1)
linux /linux {KERNEL_PARAMETERS}
initrd /initrd
boot
"""

_PROGRAMS = {"grub-mkimage": "grub-common", "qemu-img": "qemu-utils"}


def disk_key(image: Image, kernel: Kernel) -> Key:
    """The store's key of the disk with `image` and `kernel` on it."""
    return Key(KIND, image.name, digest(_recipe(image, kernel)))


def ensure_disk(store: Store, image: Image, kernel: Kernel, progress: Progress = silent) -> Disk:
    """The disk with `image` and `kernel` on it, made if need be (5 s). It is never written to: clone it.

    Raises MissingError if this machine lacks a program, ImageError if it cannot be made.
    """

    def make(directory: Path) -> Made:
        _require()
        progress(f"{image.name}: making a disk")
        _make(directory, image, kernel, store.log(disk_key(image, kernel)))
        return Made(_recipe(image, kernel), image.packages, facts={"version": image.version})

    entry = store.ensure(disk_key(image, kernel), make, progress)
    return Disk(entry.path / "disk.qcow2", "qcow2", is_read_only=True)


def _recipe(image: Image, kernel: Kernel) -> str:
    return f"format 1\nimage {image.name} {image.digest}\nkernel {kernel.name} {kernel.digest}\n{_COMMANDS}"


def _require() -> None:
    for program, package in _PROGRAMS.items():
        if shutil.which(program, path=environment()["PATH"]) is None:
            raise MissingError(f"{program} is not there", hint=f"apt-get install {package}")
    if not _GRUB.is_dir():
        raise MissingError("GRUB for PCs is not there", hint="apt-get install grub-pc-bin")


def _make(directory: Path, image: Image, kernel: Kernel, log: Path) -> None:
    if kernel.initrd is None or kernel.modules is None:
        raise ImageError(f"kernel {kernel.name} is for no emulated PC")
    tree = directory / "tree"
    tree.mkdir()
    shutil.copyfile(kernel.binary, tree / "linux")
    shutil.copyfile(kernel.initrd, tree / "initrd")
    boot = directory / "boot.ext4"
    pack(tree, boot, log=log)
    raw = directory / "disk.raw"
    _write(raw, _core(directory, log), (boot, image.path, kernel.modules))
    run("qemu-img", "convert", "-O", "qcow2", raw, directory / "disk.qcow2", what="making a disk", log=log)
    shutil.rmtree(tree)
    boot.unlink()
    raw.unlink()


def _core(directory: Path, log: Path) -> bytes:
    """GRUB from its second sector on, with the commands that start the kernel."""
    commands, core = directory / "grub.cfg", directory / "core.img"
    commands.write_text(_COMMANDS, encoding="ascii")
    options = ("-O", "i386-pc", "-p", "/", "-c", commands, "-o", core)
    run("grub-mkimage", *options, *_GRUB_MODULES, what="making a boot loader", log=log)
    data = core.read_bytes()
    commands.unlink()
    core.unlink()
    return data


def _write(raw: Path, core: bytes, parts: tuple[Path, ...]) -> None:
    """Write a whole disk; what is zero in its parts takes no room."""
    begins, end = [], _ALIGNMENT
    for part in parts:
        begins.append(end)
        end += -(-part.stat().st_size // _ALIGNMENT) * _ALIGNMENT
    sizes = [following - begin for begin, following in zip(begins, [*begins[1:], end], strict=True)]
    with raw.open("wb") as disk:
        disk.truncate(end)
        disk.write(first_sector((_GRUB / "boot.img").read_bytes(), begins, sizes))
        disk.write(second_sectors(core))
        for begin, part in zip(begins, parts, strict=True):
            disk.seek(begin)
            with part.open("rb") as source:
                shutil.copyfileobj(source, disk, _ALIGNMENT)


def first_sector(boot: bytes, begins: list[int], sizes: list[int]) -> bytes:
    """The master boot record: GRUB's code, and partitions at `begins` of `sizes`, all in bytes."""
    sector = bytearray(boot[:_BOOT_CODE].ljust(_SECTOR, b"\0"))
    struct.pack_into("<Q", sector, _SECOND_SECTOR, 1)
    sector[_DRIVE] = 0xFF
    sector[_FLOPPY_JUMP : _FLOPPY_JUMP + 2] = b"\x90\x90"
    for number, (begin, size) in enumerate(zip(begins, sizes, strict=True)):
        status = 0 if number else _ACTIVE
        # Cylinders, heads and sectors are as old as they are ignored; these say "see the LBA".
        entry = (status, b"\xfe\xff\xff", _LINUX, b"\xfe\xff\xff", begin // _SECTOR, size // _SECTOR)
        struct.pack_into("<B3sB3sII", sector, _TABLE + 16 * number, *entry)
    sector[-2:] = b"\x55\xaa"
    return bytes(sector)


def second_sectors(core: bytes) -> bytes:
    """GRUB from sector 1 on, told where the rest of it lies: right behind.

    Raises ImageError if it does not fit in front of the first partition.
    """
    if len(core) > _ALIGNMENT - _SECTOR:
        raise ImageError(f"the boot loader has {len(core)} bytes, too many for its place")
    data = bytearray(core)
    sectors = -(-len(core) // _SECTOR) - 1
    struct.pack_into("<QHH", data, _REST, 2, sectors, _REST_SEGMENT)
    return bytes(data)

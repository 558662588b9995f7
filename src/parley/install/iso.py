"""Files put into a copy of an installation ISO, and the proof that it still boots.

Names are added in both ways that an ISO has: plain ISO 9660, which boot loaders read, and Rock Ridge,
which the installed system reads. Nothing that was there moves out of its place in the tree.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pycdlib
from pycdlib.pycdlibexception import PyCdlibException

from parley.errors import ImageError, InputError, MissingError
from parley.image.command import run
from parley.install.iso9660 import Iso

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION = re.compile(r";\d+$")
_RELEASE = re.compile(r"/(?P<release>\d\.\d)/(?P<machine>[A-Z0-9]+)/CDBOOT")
_COMPARED = 64 * 1024  # bytes of each old file that are read back


# Writes a copy of an ISO with files added or replaced.
Writer = Callable[[Path, Path, "Mapping[str, bytes]"], None]


def edit(source: Path, target: Path, files: Mapping[str, bytes], writer: Writer | None = None) -> None:
    """Copy an ISO with files added or replaced, by Rock Ridge path (`/etc/boot.conf`).

    Raises InputError for what is no ISO, ImageError if the copy lost anything.
    """
    room = shutil.disk_usage(target.parent).free
    needed = source.stat().st_size + sum(map(len, files.values()))
    if room < needed:
        raise ImageError(
            f"{target.parent} has {room >> 20} MiB left, the edited ISO takes {needed >> 20} MiB"
        )
    (writer or by_pycdlib)(source, target, files)
    _compare(source, target, files)


def by_xorriso(source: Path, target: Path, files: Mapping[str, bytes]) -> None:
    """For ISOs that makefs(8) wrote, as FreeBSD's are, whose Rock Ridge fields pycdlib does not understand.

    `keep` carries boot images over that are no files of the tree, and `replay` would lose them. Raises
    MissingError without xorriso, ImageError if it fails.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".iso") as scratch:
        words = ["-indev", str(source), "-outdev", str(target), "-boot_image", "any", "keep"]
        for number, (path, content) in enumerate(files.items()):
            file = Path(scratch, str(number))
            file.write_bytes(content)
            words += ["-map", str(file), path]
        try:
            run("xorriso", "-abort_on", "FAILURE", *words, what=f"editing {source.name}")
        except MissingError as error:
            raise MissingError(str(error.args[0]), hint="apt-get install xorriso") from error


def by_pycdlib(source: Path, target: Path, files: Mapping[str, bytes]) -> None:
    """For ISOs of mkhybrid(8), as OpenBSD's are; leaves every name as it is."""
    try:
        _rewrite(source, target, files)
    except PyCdlibException as error:
        raise InputError(source, 0, f"pycdlib cannot edit it: {error}") from error


def releases(iso: Path) -> list[tuple[str, str]]:
    """Which OpenBSD releases and machines an ISO installs: `[("7.8", "amd64")]`."""
    with iso.open("rb") as file:
        names = [plain(path) for path in Iso(file, iso).tree()]
    found = (_RELEASE.fullmatch(name.upper()) for name in names)
    return [(match["release"], match["machine"].lower()) for match in found if match]


def check_openbsd_boot_path(iso: Path, release: str, machine: str, kernel: str) -> None:
    """Assert that cdbr finds cdboot, and cdboot `kernel`, by the rules that these two have.

    The BIOS must load the file cdbr; cdboot must be found by one of the names that cdbr looks for, and
    the kernel by its upper-cased path with the version or without. Raises ImageError.
    """
    with iso.open("rb") as file:
        image = Iso(file, iso)
        tree = image.tree()
        found = {plain(path): node for path, node in tree.items()}
        loaders = (
            "/cdboot",
            "/CDBOOT",
            f"/{release}/{machine}/cdboot",
            f"/{release}/{machine.upper()}/CDBOOT",
        )
        if not any(name in found for name in loaders):
            raise ImageError(f"{iso}: its loader is at none of {', '.join(loaders)}: it would not boot")
        if not {kernel.upper(), f"{kernel.upper()};1", f"{kernel.upper()}.;1"} & {p.upper() for p in tree}:
            raise ImageError(f"{iso}: cdboot would not find {kernel}")
        block = image.tree(rock_ridge=True).get(f"/{release}/{machine}/cdbr")
        if block is None or image.boot_image().sector != block.sector:
            raise ImageError(f"{iso}: El Torito does not start {release}/{machine}/cdbr")


def plain(path: str) -> str:
    """An ISO path as boot loaders compare it: no version, no dot at the end of a name."""
    return "/".join(_VERSION.sub("", part).removesuffix(".") for part in path.split("/"))


def read_file(iso: Path, path: str) -> bytes | None:
    """A file's content by its Rock Ridge path; None if there is none."""
    with iso.open("rb") as file:
        image = Iso(file, iso)
        node = image.tree(rock_ridge=True).get(path)
        return image.read(node) if node is not None else None


def exists(iso: Path, *paths: str) -> list[bool]:
    """Which of some Rock Ridge paths there are."""
    with iso.open("rb") as file:
        tree = Iso(file, iso).tree(rock_ridge=True)
        return [path in tree for path in paths]


def check_same_start(source: Path, target: Path) -> None:
    """Assert that a BIOS starts the same code from both, and that the label is the same.

    FreeBSD finds its root file system by the label. Raises ImageError.
    """
    with source.open("rb") as old_file, target.open("rb") as new_file:
        old, new = Iso(old_file, source), Iso(new_file, target)
        if old.boot_block() != new.boot_block():
            raise ImageError(f"{target}: El Torito does not start what {source} starts")
        if old.label != new.label:
            raise ImageError(f"{target}: its label is {new.label!r} and was {old.label!r}")


def label(iso: Path) -> str:
    """The name of the volume."""
    with iso.open("rb") as file:
        return Iso(file, iso).label


def _rewrite(source: Path, target: Path, files: Mapping[str, bytes]) -> None:
    # Not `with`: pycdlib reads the old files when it writes the new image, and only then.
    image = pycdlib.PyCdlib()
    with source.open("rb") as file:
        image.open_fp(file)
        try:
            for path, content in files.items():
                _put(image, path, content)
            image.write(str(target))
        finally:
            image.close()


def _put(image: Any, path: str, content: bytes) -> None:
    """Add a file, or replace it."""
    *parents, name = path.strip("/").split("/")
    directory = ""
    for parent in parents:
        directory = (
            f"{directory}/{_name_of(image, directory, parent) or _add_directory(image, directory, parent)}"
        )
    if old := _name_of(image, directory, name):
        image.rm_file(f"{directory}/{old}")
    image.add_fp(BytesIO(content), len(content), f"{directory}/{_plain_name(name)}", rr_name=name)


def _add_directory(image: Any, directory: str, name: str) -> str:
    image.add_directory(f"{directory}/{_plain_name(name)}", rr_name=name)
    return _plain_name(name)


def _plain_name(name: str) -> str:
    """A name in the letters that ISO 9660 has (ECMA-119, 7.4.1)."""
    return re.sub(r"[^A-Z0-9_.]", "_", name.upper())


def _name_of(image: Any, directory: str, rock_ridge_name: str) -> str:
    """The ISO name of a directory's entry, empty if there is none."""
    for child in image.list_children(iso_path=directory or "/"):
        if child is None or child.is_dot() or child.is_dotdot():
            continue
        name = child.rock_ridge.name().decode() if child.rock_ridge else ""
        if rock_ridge_name in {name, child.file_identifier().decode()}:
            identifier: str = child.file_identifier().decode()
            return identifier
    return ""


def _compare(source: Path, target: Path, files: Mapping[str, bytes]) -> None:
    """What the source has and the target should have is there, by a reader that is not the writer."""
    added = {path: "/".join(map(_plain_name, path.split("/"))) for path in files}
    replaced = set(added.values())
    with source.open("rb") as old_file, target.open("rb") as new_file:
        old, new = Iso(old_file, source), Iso(new_file, target)
        after = new.tree()
        for path, node in old.tree().items():
            if plain(path).upper() in replaced or node.is_directory:
                continue
            copy = after.get(path)
            if copy is None or copy.size != node.size:
                raise ImageError(f"{target}: {path} was lost when {source} was edited")
            if old.read(node, _COMPARED) != new.read(copy, _COMPARED):
                raise ImageError(f"{target}: {path} is not what it is in {source}")
        found = {plain(path).upper(): node for path, node in after.items()}
        for path, content in files.items():
            copy = found.get(added[path])
            if copy is None or new.read(copy) != content:
                raise ImageError(f"{target}: {path} is not what was put there")

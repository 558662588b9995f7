"""The /testing tree that the guests of one case of Libreswan's own see.

::

    /testing/pluto/CASE/      the case, and every other case that its files name
    /testing/guestbin/, ...   what lies beside the suite in the user's tree, as it is
    /testing/x509/            keys and certificates, out of the image (platform.fedora_like)

All hosts of a case see one and the same tree, and may write to it; it is a copy, so that the user's
checkout stays clean.
"""

from __future__ import annotations

import re
import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from parley.case.files import files_below, read_file
from parley.errors import InputError
from parley.image.tree import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from parley.case.model import ScriptedCase
    from parley.lab.jail import Jail
    from parley.upstream.tree import Tree

# Beside the suite: what guests use. utils is for the machine that runs the suite, but for its awk scripts.
_BESIDE = ("guestbin", "baseconfigs", "packaging", "sanitizers")
_UTILS = "utils/*.gawk"
_OTHER_CASE = re.compile(rb"(?:\.\./|/testing/pluto/)([a-z][\w+.-]*)/")


def lay_out_tree(tree: Tree, case: ScriptedCase, jail: Jail) -> None:
    """Copy what the guests of `case` need into its share. Raises InputError for an unreadable file."""
    for name in _BESIDE:
        _copy_tree(tree.testing / name, jail, f"testing/{name}")
    jail.make_directory("testing/utils")
    for path in tree.testing.glob(_UTILS):
        _copy(path, jail, f"testing/utils/{path.name}")
    for path in tree.testing.glob("*.sh"):
        _copy(path, jail, f"testing/{path.name}")
    # Its mount point; the keys themselves are the image's.
    jail.make_directory("testing/x509")
    for directory in (case.directory, *_named_cases(tree, case)):
        _copy_tree(directory, jail, f"testing/pluto/{directory.name}")
    jail.make_directory(f"testing/pluto/{case.name}/OUTPUT")


def drop_copies(jail: Jail) -> None:
    """Remove what lies beside the suite from the share of a lab that has ended: a megabyte for each case."""
    for name in _BESIDE:
        remove_tree(jail.root / "testing" / name)


def save_in_place(tree: Tree, case: str, jail: Jail, results: Mapping[str, bytes]) -> None:
    """Put what a case left in OUTPUT into the user's tree, where upstream's own tools look for it.

    `results` are further files by name: what the runner writes, and not a guest.
    Raises InputError if the tree cannot be written.
    """
    place = PurePosixPath("testing/pluto", case, "OUTPUT")
    target = tree.suite / case / "OUTPUT"
    try:
        shutil.rmtree(target, ignore_errors=True)
        for name in jail.files(str(place)):
            path = target / PurePosixPath(name).relative_to(place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jail.read(name))
        target.mkdir(exist_ok=True)
        for name, data in results.items():
            (target / name).write_bytes(data)
    except OSError as error:
        raise InputError(target, 0, f"--in-place cannot write it: {error.strerror}") from error


def _named_cases(tree: Tree, case: ScriptedCase) -> Iterator[Path]:
    named = {
        name.decode() for path in files_below(case.directory) for name in _OTHER_CASE.findall(read_file(path))
    }
    for name in sorted(named - {case.name}):
        if (tree.suite / name).is_dir():
            yield tree.suite / name


def _copy_tree(directory: Path, jail: Jail, place: str) -> None:
    jail.make_directory(place)
    for path in files_below(directory):
        _copy(path, jail, f"{place}/{path.relative_to(directory).as_posix()}")


def _copy(path: Path, jail: Jail, name: str) -> None:
    jail.write(name, read_file(path), mode=0o755 if path.stat().st_mode & 0o100 else 0o644)

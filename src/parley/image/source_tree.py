"""A tree of sources: which of its files matter, what they are, and a copy to compile them in."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# The names of what a copy was last made of, so that objects that lie among them are left alone.
_MANIFEST = "manifest"


def source_files(tree: Path, ignored: Sequence[str]) -> list[str]:
    """The names of the files that a build sees, sorted; git's word is taken on what is a product.

    `ignored` are globs over directories; one that ends in a slash means what lies below it, not beside.
    """
    known = _known_to_git(tree)
    names = _walk(tree) if known is None else known
    return sorted(name for name in names if not _is_ignored(name, ignored))


def tree_digest(tree: Path, names: Iterable[str]) -> str:
    """The first 12 hexadecimal digits of SHA-256 over names, executable bits and contents."""
    total = hashlib.sha256()
    for name in names:
        path = tree / name
        try:
            if path.is_symlink():
                mark, data = b"link", os.fsencode(path.readlink())
            else:
                mark, data = (b"exec" if os.access(path, os.X_OK) else b"file"), path.read_bytes()
        except OSError as error:
            raise InputError(path, 0, f"cannot be read: {error.strerror}") from error
        total.update(b"%s %s %d\n" % (os.fsencode(name), mark, len(data)))
        total.update(data)
    return total.hexdigest()[:12]


def synchronize(tree: Path, names: Sequence[str], copy: Path) -> None:
    """Make the files of `copy` those of `tree`, times included: what compiles them compares times.

    Files in `copy` that never came from a tree are objects, and stay.
    """
    target = copy / "src"
    target.mkdir(parents=True, exist_ok=True)
    manifest = copy / _MANIFEST
    before = set(manifest.read_text(encoding="utf-8").splitlines()) if manifest.exists() else set()
    # Before anything is copied: a copy that was stopped half-way must know what it may remove.
    manifest.write_text("\n".join(sorted(before | set(names))) + "\n", encoding="utf-8")
    for name in before - set(names):
        with suppress(OSError):
            (target / name).unlink()
    for name in names:
        _copy(tree / name, target / name)
    manifest.write_text("\n".join(names) + "\n", encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    if source.is_symlink():
        if target.is_symlink() and target.readlink() == source.readlink():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(source.readlink())
        return
    status = source.stat()
    with suppress(FileNotFoundError):
        known = target.stat()
        if (known.st_size, known.st_mtime_ns, known.st_mode) == (
            status.st_size,
            status.st_mtime_ns,
            status.st_mode,
        ):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _known_to_git(tree: Path) -> list[str] | None:
    """Tracked files and new ones that are not ignored; None where the tree is no checkout of its own."""
    if not (tree / ".git").exists():
        return None
    command = ("git", "-C", tree, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    try:
        result = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    names = {os.fsdecode(name) for name in result.stdout.split(b"\0") if name}
    # A tracked file may have been removed, and a submodule is a directory.
    return [name for name in names if (tree / name).is_symlink() or (tree / name).is_file()]


def _walk(tree: Path) -> Iterator[str]:
    for directory, directories, files in os.walk(tree):
        directories[:] = [name for name in directories if name != ".git"]
        for name in files:
            path = Path(directory, name)
            if path.is_symlink() or path.is_file():
                yield str(path.relative_to(tree))


def _is_ignored(name: str, ignored: Sequence[str]) -> bool:
    return any(fnmatchcase(name, f"{pattern.rstrip('/')}/*") for pattern in ignored)

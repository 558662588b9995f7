"""What building a kernel takes besides what images take, found out by doing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import ImageError, MissingError
from parley.image.command import works
from parley.image.requirements import cure, from_package, missing_requirements

if TYPE_CHECKING:
    from parley.image.requirements import Requirement

# Program -> Debian package, why. Each says its version when it works.
_PROGRAMS = {
    "make": ("make", "builds a kernel"),
    "flex": ("flex", "reads the kernel's configuration language"),
    "bison": ("bison", "reads the kernel's configuration language"),
    "bc": ("bc", "computes constants of the kernel's clock"),
    "xz": ("xz-utils", "unpacks the kernel's source"),
    "tar": ("tar", "unpacks the kernel's source"),
    "patch": ("patch", "applies Parley's change to it"),
    "perl": ("perl-base", "makes the kernel's tables"),
    "depmod": ("kmod", "lists the kernel's modules"),
}
_PROGRAM = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'

# The source, its objects, and the finished kernel (MiB).
SPACE = 3584


def missing_for_kernel() -> list[Requirement]:
    """What this user lacks on this machine to build a kernel; empty when all is there."""
    lacking = [need for need in missing_requirements() if not need.optional]
    lacking += [
        from_package(name, *about) for name, about in _PROGRAMS.items() if not works(name, "--version")
    ]
    if not _compiles():
        lacking.append(from_package("a C compiler and library", "gcc libc6-dev", "compile a kernel"))
    return lacking


def require_for_kernel(root: Path) -> None:
    """Raise one MissingError that names all that root must install, and ImageError for a full disk."""
    missing = missing_for_kernel()
    if missing:
        lines = [f"  {need.what}: {need.why}" for need in missing]
        raise MissingError(
            "this machine cannot build a kernel yet; it lacks\n" + "\n".join(lines), hint=cure(missing)
        )
    free = shutil.disk_usage(root).free // 2**20
    if free < SPACE:
        raise ImageError(
            f"{root}: {free} MiB free, and building a kernel takes {SPACE}", hint="PARLEY_CACHE=DIRECTORY"
        )


def _compiles() -> bool:
    """Whether a C program that uses the C library can be compiled and linked."""
    with tempfile.TemporaryDirectory(prefix="parley-cc-") as directory:
        source, program = Path(directory, "a.c"), Path(directory, "a.out")
        source.write_text(_PROGRAM, encoding="ascii")
        return works("gcc", "-o", str(program), str(source))

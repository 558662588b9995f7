"""Clones of disks: overlays that hold only what is changed, made in milliseconds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from parley.backend.base import Disk
from parley.errors import ImageError, MissingError
from parley.image.command import run

if TYPE_CHECKING:
    from pathlib import Path

    from parley.lab.jail import Owner

PACKAGE = "qemu-utils"


def clone(base: Disk, place: Path, owner: Owner | None = None) -> Disk:
    """Make an overlay of `base` at `place`, for `owner` (default: this user) to write to.

    The base must not change as long as the clone lives. Raises MissingError without qemu-img, ImageError
    if it fails.
    """
    options = ("-q", "-f", "qcow2", "-F", base.format, "-b", base.path.resolve())
    try:
        run("qemu-img", "create", *options, place, what=f"cloning {base.path.name}")
    except MissingError as error:
        raise MissingError(str(error.args[0]), hint=f"apt-get install {PACKAGE}") from error
    if owner is not None:
        try:
            os.chown(place, owner.uid, owner.gid)
        except OSError as error:
            raise ImageError(f"{place}: {error.strerror}") from error
    return Disk(place, "qcow2", backing=base)

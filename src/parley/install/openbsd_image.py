"""From a verified OpenBSD ISO to a frozen base disk: edit, install, check, keep."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import InputError, UsageError
from parley.image.store import Made
from parley.install import iso as iso_image
from parley.install.answers import render
from parley.install.base import DISK, LOG, Base, base_key, freeze
from parley.install.limits import Limits
from parley.install.machine import make_disk
from parley.install.openbsd import Installation, install
from parley.install.openbsd_answers import (
    ANSWERS,
    DISKLABEL,
    ROOT_PASSWORD,
    Release,
    answer_table,
    boot_configuration,
    disklabel_template,
)
from parley.install.openbsd_site import site_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.image.store import Progress, Store
    from parley.install.answers import Reply
    from parley.install.machine import Power
    from parley.install.media import Media

PLATFORM = "openbsd"
_SET = re.compile(r"[a-z]{2,8}")
_SEED = 512  # bytes that the boot loader reads (random.seed, boot(8))


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose: more sets than the base (`comp`), the disk's size, how slow the machine is.

    `again`: what was installed before is removed first.
    """

    sets: tuple[str, ...] = ()
    size: str = "8G"
    slowness: float = 1.0
    again: bool = False


def release_of(iso: Path) -> Release:
    """The one release that an ISO installs. Raises InputError if it is another ISO."""
    found = iso_image.releases(iso)
    if len(found) != 1:
        raise InputError(
            iso,
            0,
            f"it has the boot loaders of {len(found)} OpenBSD releases, not of one",
            hint="install78.iso, with the sets; cd78.iso has none",
        )
    return Release(*found[0])


def install_openbsd(store: Store, media: Media, options: Options, power: Power, progress: Progress) -> Base:
    """The base disk made from an ISO, in the store; if it is there already, at once.

    Raises ImageError for what the ISO or the disk lacks, LabError when the installation fails; the log of
    the console is in the store's logs then.
    """
    release = release_of(media.iso)
    _check_sets(media.iso, release, options.sets)
    table = answer_table(release, sets=options.sets)
    recipe = {
        "iso": media.sha256,
        "answers": render(table),
        "disklabel": disklabel_template(),
        "site": site_set().hex(),
        "size": options.size,
    }
    key = base_key(f"{PLATFORM}-{release.version}", recipe)

    def make(directory: Path) -> Made:
        log = store.log(key)
        log.unlink(missing_ok=True)
        kernel = _install(directory, _Job(media.iso, release, table, options, log), power, progress)
        facts = {
            "platform": PLATFORM,
            "version": release.version,
            "machine": release.machine,
            "kernel": kernel,
            "iso": media.iso.name,
            "iso_sha256": media.sha256,
            "trusted_by": media.trusted_by,
            "sets": list(options.sets),
            "root_password": ROOT_PASSWORD,
        }
        return Made(f"{media.iso.name} {media.sha256}", facts=facts)

    return freeze(store, key, make, progress, again=options.again)


def _check_sets(iso: Path, release: Release, sets: Sequence[str]) -> None:
    """Raise UsageError or InputError for a set that is none, or not on the ISO: better now than later."""
    for name in sets:
        if not _SET.fullmatch(name):
            raise UsageError(f"{name!r} is no name of a set", hint="--set comp")
    paths = [f"/{release.directory}/{name}{release.digits}.tgz" for name in ("base", *sets)]
    missing = [path for path, there in zip(paths, iso_image.exists(iso, *paths), strict=True) if not there]
    if missing:
        raise InputError(iso, 0, f"it has no {', '.join(missing)}", hint="installXY.iso has all sets")


@dataclass(frozen=True, slots=True)
class _Job:
    iso: Path
    release: Release
    table: Sequence[Reply]
    options: Options
    log: Path


def _install(directory: Path, job: _Job, power: Power, progress: Progress) -> str:
    progress(f"edit: answers, disklabel, random seed and site set into a copy of {job.iso.name}")
    cdrom = directory / "install.iso"
    edited_iso(job.iso, cdrom, job.release, job.table)
    disk = directory / DISK
    make_disk(disk, job.options.size)
    what = Installation(job.release, cdrom, disk, job.table, job.log, Limits.times(job.options.slowness))
    kernel = install(what, power, progress)
    cdrom.unlink()
    shutil.copyfile(job.log, directory / LOG)
    return kernel


def edited_iso(source: Path, target: Path, release: Release, table: Sequence[Reply]) -> None:
    """Write a copy of the ISO that installs by itself, and prove that it still boots."""
    files = {
        "/etc/boot.conf": boot_configuration(release).encode(),
        "/etc/random.seed": os.urandom(_SEED),
        ANSWERS: render(table).encode(),
        DISKLABEL: disklabel_template().encode(),
        f"/{release.directory}/{release.site_set}": site_set(),
    }
    iso_image.edit(source, target, files)
    iso_image.check_openbsd_boot_path(target, release.version, release.machine, release.kernel)

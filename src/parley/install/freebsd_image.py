"""From a verified FreeBSD ISO to a frozen base disk: edit, install, check, keep."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.image.store import Made
from parley.install.base import DISK, LOG, Base, base_key, freeze
from parley.install.freebsd import Installation, Installed, install
from parley.install.freebsd_iso import ROOT_PASSWORD, edited_iso, installer_configuration, release_of
from parley.install.limits import Limits
from parley.install.machine import make_disk

if TYPE_CHECKING:
    from pathlib import Path

    from parley.image.store import Progress, Store
    from parley.install.machine import Power
    from parley.install.media import Media

PLATFORM = "freebsd"


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose: a tar of packages, the disk's size, how slow the machine is.

    `again`: what was installed before is removed first.
    """

    packages: Path | None = None
    size: str = "8G"
    slowness: float = 1.0
    again: bool = False


def install_freebsd(store: Store, media: Media, options: Options, power: Power, progress: Progress) -> Base:
    """The base disk made from an ISO, in the store; if it is there already, at once.

    Raises InputError for another ISO, ImageError for what the disk lacks, LabError when the installation
    fails; the log of the console is in the store's logs then.
    """
    release = release_of(media.iso)
    packages = options.packages.read_bytes() if options.packages else None
    recipe = {
        "iso": media.sha256,
        "configuration": installer_configuration(),
        "packages": hashlib.sha256(packages).hexdigest() if packages else "",
        "size": options.size,
    }
    key = base_key(f"{PLATFORM}-{release}", recipe)

    def make(directory: Path) -> Made:
        log = store.log(key)
        log.unlink(missing_ok=True)
        progress(f"edit: installerconfig and loader.conf into a copy of {media.iso.name}")
        cdrom, disk = directory / "install.iso", directory / DISK
        edited_iso(media.iso, cdrom, packages)
        make_disk(disk, options.size)
        limits = Limits.times(options.slowness)
        what = Installation(release, cdrom, disk, packages is not None, log, limits)
        installed = install(what, power, progress)
        cdrom.unlink()
        shutil.copyfile(log, directory / LOG)
        return _made(media, release, installed)

    return freeze(store, key, make, progress, again=options.again)


def _made(media: Media, release: str, installed: Installed) -> Made:
    facts = {
        "platform": PLATFORM,
        "version": release,
        "machine": "amd64",
        "kernel": installed.kernel,
        "iso": media.iso.name,
        "iso_sha256": media.sha256,
        "trusted_by": media.trusted_by,
        "root_password": ROOT_PASSWORD,
    }
    return Made(f"{media.iso.name} {media.sha256}", packages=installed.packages, facts=facts)

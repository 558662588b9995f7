"""`parley install`: base disks of other operating systems, from their own ISOs, without a hand on a key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from parley.cli.image import reporter
from parley.errors import InputError, UsageError
from parley.image.store import Store

if TYPE_CHECKING:
    from parley.image.store import Progress
    from parley.install.base import Base
    from parley.install.media import Media

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_iso_option = click.option("--iso", type=_FILE, metavar="FILE", help="The ISO to install from.")
_digest_option = click.option(
    "--sha256", "digest", metavar="HEX", help="The ISO's SHA-256, from where you trust it."
)
_size_option = click.option(
    "--size", default="8G", show_default=True, help="Size of the disk; it grows as used."
)
_scale_option = click.option(
    "--timeout-scale",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="Stretch all time limits; without KVM they are ten times as long anyway.",
)
_again_option = click.option("--again", is_flag=True, help="Install anew, even if it has been.")


@click.group(short_help="Install another operating system, unattended.")
def install() -> None:
    """Install another operating system unattended, once; hosts boot clones of it.

    \b
    parley install openbsd --iso install78.iso
    parley install freebsd --iso FreeBSD-14.3-RELEASE-amd64-disc1.iso --sha256 HEX
    parley image list                   what is installed
    """


@install.command()
@_iso_option
@click.option("--mirror", metavar="URL", help="Fetch the ISO and its signature from here; with --release.")
@click.option("--release", metavar="X.Y", help="The release to fetch.")
@click.option("--sig", type=_FILE, metavar="FILE", help="SHA256.sig of the mirror; default: beside the ISO.")
@click.option(
    "--key",
    type=_FILE,
    metavar="FILE",
    help="openbsd-XY-base.pub; default: beside the signature, or in Debian's signify-openbsd-keys.",
)
@_digest_option
@click.option(
    "--set", "sets", multiple=True, metavar="NAME", help="One more set, e.g. comp; may be repeated."
)
@_size_option
@_scale_option
@_again_option
def openbsd(  # noqa: PLR0917 -- one parameter per option
    iso: Path | None,
    mirror: str | None,
    release: str | None,
    sig: Path | None,
    key: Path | None,
    digest: str | None,
    sets: tuple[str, ...],
    size: str,
    timeout_scale: float,
    again: bool,
) -> None:
    """Install OpenBSD from its ISO (installNN.iso, the one with the sets).

    The ISO is used only if its release's key signed for it, or its SHA-256 is the one you give. Answers,
    disklabel, random seed and a site set go into a copy of it; the installer is driven over the serial
    console, in QEMU, without any network and without root. Without KVM it takes ten times as long.

    \b
    parley install openbsd --iso install78.iso                with SHA256.sig beside it
    parley install openbsd --iso install78.iso --sig SHA256.sig --key openbsd-78-base.pub
    parley install openbsd --mirror https://cdn.openbsd.org/pub/OpenBSD --release 7.8
    parley install openbsd --iso install78.iso --set comp     with compilers, to build Libreswan
    """
    from parley.install.emulated_pc import emulated_pc  # noqa: PLC0415 -- keeps --help fast
    from parley.install.openbsd_image import Options, install_openbsd  # noqa: PLC0415 -- as above

    tell, store = reporter(), Store.default()
    if mirror is not None:
        if iso or sig or digest:
            raise UsageError("--mirror brings ISO and signature", hint="leave out --iso, --sig and --sha256")
        iso, sig = _fetched(mirror, release, store, tell)
    if iso is None:
        raise UsageError("install from what?", hint="--iso FILE, or --mirror URL --release X.Y")
    try:
        media = _verified(iso, sig, key, digest, tell)
    except InputError:
        if mirror is not None and sig is not None:
            # What a mirror sent wrong shall not be kept for the next time.
            iso.unlink()
            sig.unlink()
        raise
    options = Options(sets, size, _slowness(timeout_scale), again)
    _print(install_openbsd(store, media, options, emulated_pc, tell))


@install.command()
@click.option("--iso", type=_FILE, required=True, metavar="FILE", help="disc1 or dvd1 of a release, amd64.")
@_digest_option
@click.option("--packages", type=_FILE, metavar="TAR", help="A tar of .pkg files to add, pkg itself too.")
@_size_option
@_scale_option
@_again_option
def freebsd(  # noqa: PLR0917 -- one parameter per option
    iso: Path, digest: str | None, packages: Path | None, size: str, timeout_scale: float, again: bool
) -> None:
    """Install FreeBSD from its ISO (disc1 or dvd1).

    The ISO's SHA-256 must be the one that you give, from the release's announcement. A script for
    bsdinstall(8) goes into a copy of it, made by xorriso; packages are added without any network.

    \b
    parley install freebsd --iso FreeBSD-14.3-RELEASE-amd64-disc1.iso --sha256 HEX
    parley install freebsd --iso disc1.iso --sha256 HEX --packages packages.tar
    \b
    on a FreeBSD of the same release, the packages:
      pkg fetch -d -y -o out pkg strongswan && tar cf packages.tar -C out/All .
    """
    from parley.install.emulated_pc import emulated_pc  # noqa: PLC0415 -- keeps --help fast
    from parley.install.freebsd_image import Options, install_freebsd  # noqa: PLC0415 -- as above
    from parley.install.media import check_digest  # noqa: PLC0415 -- as above

    if digest is None:
        hint = "--sha256 HEX, from CHECKSUM.SHA256 in the signed announcement of the release"
        raise UsageError(f"nobody knows who made {iso.name}", hint=hint)
    tell = reporter()
    media = check_digest(iso, digest, tell)
    options = Options(packages, size, _slowness(timeout_scale), again)
    _print(install_freebsd(Store.default(), media, options, emulated_pc, tell))


def _fetched(mirror: str, release: str | None, store: Store, tell: Progress) -> tuple[Path, Path]:
    from parley.install.media import fetch  # noqa: PLC0415 -- keeps --help fast

    if release is None or not re.fullmatch(r"\d\.\d", release):
        raise UsageError("which release is to be fetched?", hint="--release 7.8")
    name = f"install{release.replace('.', '')}.iso"
    directory = fetch(f"{mirror.rstrip('/')}/{release}/amd64", ["SHA256.sig", name], store.downloads, tell)
    return directory / name, directory / "SHA256.sig"


def _verified(iso: Path, sig: Path | None, key: Path | None, digest: str | None, tell: Progress) -> Media:
    from parley.install.media import check_digest, check_signature  # noqa: PLC0415 -- keeps --help fast
    from parley.install.openbsd_image import release_of  # noqa: PLC0415 -- as above

    if digest is not None:
        if sig or key:
            raise UsageError("--sha256 and a signature say the same", hint="give one of them")
        return check_digest(iso, digest, tell)
    release = release_of(iso)
    list_name = f"install{release.digits}.iso"
    chosen = sig or iso.parent / "SHA256.sig"
    return check_signature(iso, name=list_name, release=release.version, sig=chosen, key=key, progress=tell)


def _slowness(scale: float) -> float:
    from parley.backend.accel import accelerator  # noqa: PLC0415 -- keeps --help fast
    from parley.install.limits import EMULATED  # noqa: PLC0415 -- as above

    return scale * (EMULATED if accelerator().name == "tcg" else 1)


def _print(base: Base) -> None:
    click.echo(f"{base.name}: {base.version} ({base.name}-{base.digest})\n{base.disk.path}")

"""An installation ISO, from a file or a mirror, and the proof of who made it before anything uses it."""

from __future__ import annotations

import os
import re
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.errors import ImageError, MissingError, UsageError
from parley.install import signify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from parley.image.store import Progress

_SCHEMES = re.compile(r"(?:https?|file)://\S+")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1024 * 1024
_SILENCE = 60.0  # seconds without a byte from a mirror


@dataclass(frozen=True, slots=True)
class Media:
    """A verified ISO: its SHA-256, and by what it is trusted."""

    iso: Path
    sha256: str
    trusted_by: str


def check_digest(iso: Path, digest: str, progress: Progress) -> Media:
    """An ISO whose SHA-256 the user gave. Raises UsageError for no digest, InputError for another ISO."""
    if not _DIGEST.fullmatch(digest.lower()):
        raise UsageError(f"{digest!r} is no SHA-256: 64 hexadecimal digits", hint=f"sha256sum {iso}")
    found = signify.check_file(iso, {iso.name: digest.lower()}, progress=_shares(progress, "verify"))
    return Media(iso, found, "the SHA-256 that was given")


def check_signature(
    iso: Path, *, name: str, release: str, sig: Path, key: Path | None, progress: Progress
) -> Media:
    """An ISO that its release's key signed for, under `name` in the list `sig`.

    Without `key` it is looked for beside the signature and in Debian's signify-openbsd-keys. Raises
    MissingError without a key, InputError for a signature, list or ISO that is not as it should be.
    """
    if not sig.is_file():
        raise MissingError(
            f"there is no {sig}: without it nobody knows who made {iso.name}",
            hint="fetch SHA256.sig from the directory of the mirror that has the ISO, or give --sha256 HEX",
        )
    chosen = key or signify.find_key(release, sig.parent)
    if chosen is None:
        digits = release.replace(".", "")
        raise MissingError(
            f"no key of OpenBSD {release} to verify {sig} with",
            hint=f"--key openbsd-{digits}-base.pub, from /etc/signify of an OpenBSD that you trust",
        )
    public = signify.read_public_key(chosen)
    hashes = signify.verified_hashes(sig, public)
    digest = signify.check_file(iso, hashes, name=name, progress=_shares(progress, "verify"))
    return Media(iso, digest, f"{public.comment} ({chosen.name}, key {public.number.hex()})")


def fetch(url: str, names: list[str], downloads: Path, progress: Progress) -> Path:
    """A directory with files from a mirror's directory; what is there from the last time is kept.

    Raises UsageError for what is no URL, ImageError if the mirror has not all of it.
    """
    if not _SCHEMES.fullmatch(url):
        raise UsageError(f"{url!r} is no URL", hint="https://cdn.openbsd.org/pub/OpenBSD")
    directory = downloads / re.sub(r"[^A-Za-z0-9.]+", "-", url).strip("-")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageError(f"{directory}: {error.strerror}", hint="PARLEY_CACHE=DIRECTORY") from error
    for name in names:
        if not (directory / name).is_file():
            _fetch(f"{url.rstrip('/')}/{name}", directory / name, progress)
    return directory


def _fetch(url: str, target: Path, progress: Progress) -> None:
    request = urllib.request.Request(url, headers={"User-Agent": "parley"})  # noqa: S310 -- the scheme was checked
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with urllib.request.urlopen(request, timeout=_SILENCE) as answer, part.open("wb") as file:  # noqa: S310 -- as above
            size = int(answer.headers.get("Content-Length") or 0)
            _copy(answer.read, file.write, size, _shares(progress, f"fetch: {target.name}"))
        part.rename(target)
    except OSError as error:  # urllib's are of this kind
        raise ImageError(f"{url}: {error}", hint="another --mirror, or --iso FILE") from error
    finally:
        part.unlink(missing_ok=True)


def _copy(
    read: Callable[[int], bytes], write: Callable[[bytes], int], size: int, tell: Callable[[float], None]
) -> None:
    done = 0
    while chunk := read(_CHUNK):
        write(chunk)
        done += len(chunk)
        if size:
            tell(done / size)


def _shares(progress: Progress, what: str) -> Callable[[float], None]:
    """Tells every quarter, and nothing of what is done at once."""
    told = [0.0]

    def tell(share: float) -> None:
        if share - told[0] >= 0.25:  # noqa: PLR2004 -- a quarter
            told[0] = share
            progress(f"{what}: {share:.0%}")

    return tell

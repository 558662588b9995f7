"""Signatures of OpenBSD releases: signify(1) files, and the list of hashes that SHA256.sig embeds.

Two lines of text each: `untrusted comment: ...`, then base64 of `Ed`, an eight-byte key number, and the
Ed25519 public key or signature (RFC 8032, pure). An embedded signature is followed by what it signs.
Nothing here is trusted before it is verified, and no key is known but those that the user gives.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from parley.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALGORITHM = b"Ed"
_NUMBER = 8
_KEY = 32
_SIGNATURE = 64
_COMMENT = b"untrusted comment: "
_COMMENT_LIMIT = 1024  # bytes, signify.c
_HASH = re.compile(r"SHA256 \((?P<name>[^()/\s]+)\) = (?P<digest>[0-9a-f]{64})")
_CHUNK = 1024 * 1024

# Where Debian's package signify-openbsd-keys puts the keys of the releases.
_DEBIAN_KEYS = Path("/usr/share/signify-openbsd-keys")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key read from `path`."""

    path: Path
    comment: str
    number: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature read from `path`, with the `message` that is embedded behind it, if one is."""

    path: Path
    comment: str
    number: bytes
    signature: bytes
    message: bytes


def read_public_key(path: Path) -> PublicKey:
    """Read a key file. Raises InputError for anything else."""
    comment, blob, rest = _parse(path, _read(path))
    if rest.strip():
        raise InputError(path, 3, "a public key has two lines", hint="is this a signature?")
    return PublicKey(path, comment, *_split(path, blob, _KEY, "public key"))


def read_signature(path: Path) -> Signature:
    """Read a signature file, detached or embedded. Raises InputError for anything else."""
    comment, blob, rest = _parse(path, _read(path))
    number, signature = _split(path, blob, _SIGNATURE, "signature")
    return Signature(path, comment, number, signature, rest)


def verify(signature: Signature, key: PublicKey, message: bytes) -> None:
    """Raise InputError unless `message` was signed by `key`."""
    if signature.number != key.number:
        raise InputError(
            signature.path,
            1,
            f"signed by key {signature.number.hex()}, and {key.path} is key {key.number.hex()}",
            hint=f"the key that it names: {signature.comment}",
        )
    try:
        Ed25519PublicKey.from_public_bytes(key.key).verify(signature.signature, message)
    except InvalidSignature:
        raise InputError(
            signature.path,
            0,
            f"the signature does not hold under {key.path}: it or what it signs was changed",
            hint="fetch it again, from another mirror",
        ) from None


def verified_hashes(path: Path, key: PublicKey) -> dict[str, str]:
    """The file names and SHA-256 digests of a SHA256.sig that `key` signed. Raises InputError."""
    signature = read_signature(path)
    if not signature.message:
        raise InputError(path, 3, "nothing is embedded behind the signature", hint="SHA256.sig, not SHA256")
    verify(signature, key, signature.message)
    hashes: dict[str, str] = {}
    for number, line in enumerate(signature.message.decode("ascii", "replace").splitlines(), 3):
        match = _HASH.fullmatch(line)
        if match is None:
            raise InputError(path, number, f"not a line of hashes: {line!r}")
        hashes[match["name"]] = match["digest"]
    return hashes


def check_file(
    path: Path,
    hashes: Mapping[str, str],
    *,
    name: str = "",
    progress: Callable[[float], None] = lambda _share: None,
) -> str:
    """The SHA-256 digest of a file, which must be the one listed under `name` (its own by default).

    `progress` is told the share that was read, 0 to 1. Raises InputError.
    """
    wanted = hashes.get(name or path.name)
    if wanted is None:
        listed = ", ".join(sorted(hashes))
        raise InputError(path, 0, f"{name or path.name} is not in the signed list ({listed})")
    digest = _digest(path, progress)
    if digest != wanted:
        raise InputError(
            path, 0, f"its SHA-256 is {digest}, the signed list says {wanted}", hint="fetch it again"
        )
    return digest


def find_key(release: str, *places: Path) -> Path | None:
    """The key file of a release (`7.8`) in the first of some directories, or in Debian's package."""
    name = f"openbsd-{release.replace('.', '')}-base.pub"
    candidates = (place / name for place in (*places, _DEBIAN_KEYS))
    return next((path for path in candidates if path.is_file()), None)


def _digest(path: Path, progress: Callable[[float], None]) -> str:
    digest = hashlib.sha256()
    size = path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            progress(file.tell() / size)
    return digest.hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(path, 0, error.strerror or "unreadable") from error


def _parse(path: Path, data: bytes) -> tuple[str, bytes, bytes]:
    """Comment, what the base64 line holds, and all behind it."""
    first, newline, rest = data.partition(b"\n")
    if not first.startswith(_COMMENT) or not newline:
        raise InputError(path, 1, f"a signify file begins with {_COMMENT.decode()!r}")
    comment = first.removeprefix(_COMMENT)
    if len(comment) > _COMMENT_LIMIT:
        raise InputError(path, 1, f"a comment has at most {_COMMENT_LIMIT} bytes")
    encoded, newline, message = rest.partition(b"\n")
    if not newline:
        raise InputError(path, 2, "the file ends in the middle of this line", hint="fetch it again")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise InputError(path, 2, f"not base64: {error}") from error
    return comment.decode("utf-8", "backslashreplace"), blob, message


def _split(path: Path, blob: bytes, size: int, what: str) -> tuple[bytes, bytes]:
    """Key number and payload of a decoded blob."""
    if not blob.startswith(_ALGORITHM):
        raise InputError(path, 2, f"not Ed25519: the algorithm is {blob[:2]!r}")
    expected = len(_ALGORITHM) + _NUMBER + size
    if len(blob) != expected:
        raise InputError(path, 2, f"a {what} has {expected} bytes, this has {len(blob)}")
    start = len(_ALGORITHM)
    return blob[start : start + _NUMBER], blob[start + _NUMBER :]

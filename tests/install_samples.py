"""Signed files made for tests: a key pair, and what signify(1) would write with it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from pathlib import Path


def signify_file(comment: str, number: bytes, payload: bytes, message: bytes = b"") -> bytes:
    encoded = base64.b64encode(b"Ed" + number + payload)
    return f"untrusted comment: {comment}\n".encode() + encoded + b"\n" + message


@dataclass
class Signer:
    """A key pair of signify's, called openbsd-NN-base."""

    name: str = "openbsd-78-base"
    number: bytes = b"\x01\x02\x03\x04\x05\x06\x07\x08"
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def public_file(self, directory: Path) -> Path:
        path = directory / f"{self.name}.pub"
        key = self.private.public_key().public_bytes_raw()
        path.write_bytes(signify_file(f"{self.name} public key", self.number, key))
        return path

    def embed(self, message: bytes) -> bytes:
        signature = self.private.sign(message)
        return signify_file(f"verify with {self.name}.pub", self.number, signature, message)

    def sign_list(self, path: Path, **files: bytes) -> Path:
        """Write a SHA256.sig; a keyword's `__` stands for the dot of the file's name."""
        lines = [
            f"SHA256 ({name.replace('__', '.')}) = {hashlib.sha256(data).hexdigest()}\n"
            for name, data in files.items()
        ]
        path.write_bytes(self.embed("".join(lines).encode()))
        return path

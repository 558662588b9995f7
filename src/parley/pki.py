"""The lab's certificates: several kinds, each with an authority of its own and a certificate a host.

::

    KIND/ca.crt                  the authority that hosts of this kind trust
    KIND/ca.intermediate.crt     between it and the hosts (kind `chain` only)
    KIND/crl.pem                 what it revoked, with the intermediate's list; empty but in kind `revoked`
    KIND/crl.der                 the list of the authority that issued the hosts' certificates, for NSS
    KIND/HOST.crt HOST.key       certificate and PKCS #8 private key, PEM
    KIND/HOST.chain.crt          certificate and intermediate (kind `chain` only)
    KIND/HOST.pub                public key, PEM
    KIND/HOST.p12                for pk12util: password `parley`, nickname HOST

They guard nothing but the lab, so the keys lie open. Certificates are made anew when a third of their
life is over: nobody ever meets an expired one by accident, in virtual time neither.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from parley.errors import ImageError, UsageError
from parley.image.recipe import digest
from parley.image.store import Key, Made, Progress, Store, silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from cryptography.x509 import Certificate

    from parley.certificate import Identity, PrivateKey

HOSTS = ("east", "west", "north", "road", "rise", "set", "pole", "nic")

PASSWORD = "parley"  # noqa: S105 -- it protects nothing, pk12util wants one

LIFE = timedelta(days=366)
_DAY = timedelta(days=1)

_FORMAT = 1
_STORE_KIND = "x509"
_SET_KIND = "x509-set"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the certificates of a kind are. `comment` bytes make each that much larger.

    `life` is how long hosts' certificates are valid when they are made.
    """

    algorithm: str
    intermediate: bool = False
    expired: bool = False
    revoked: bool = False
    comment: int = 0
    life: timedelta = LIFE


KINDS = {
    "rsa": Kind("rsa-3072"),
    "ecdsa": Kind("ecdsa-256"),
    "p384": Kind("ecdsa-384"),
    # For strongSwan: NSS 3.110 cannot import such a key, and OpenIKED knows RSA and ECDSA only.
    "ed25519": Kind("ed25519"),
    "chain": Kind("ecdsa-256", intermediate=True),
    "expired": Kind("ecdsa-256", expired=True),
    "revoked": Kind("ecdsa-256", revoked=True),
    # Hosts' certificates end within days: clocks are set past that while SAs live.
    "brief": Kind("ecdsa-256", life=timedelta(days=9)),
    # An authority that only its own holders know: give it to one host, and another kind to its peer.
    "unknown": Kind("ecdsa-256"),
    # A certificate alone exceeds 3000 bytes, so IKE_AUTH must be fragmented (RFC 7383).
    "big": Kind("rsa-4096", comment=2200),
}


def ensure_certificates(
    store: Store, kinds: Iterable[str], progress: Progress = silent, *, now: datetime | None = None
) -> Path:
    """A directory that holds `KIND/...` for each of `kinds`, made if need be.

    Raises UsageError for a kind that does not exist, ImageError if the cache cannot be written.
    """
    wanted = sorted(set(kinds))
    for name in wanted:
        if name not in KINDS:
            raise UsageError(f"there are no certificates of kind {name!r}", hint=", ".join(KINDS))
    moment = now or datetime.now(UTC)
    sources = {name: _ensure_kind(store, name, moment, progress) for name in wanted}
    recipe = "".join(f"{name} {path.name}\n" for name, path in sources.items())

    def gather(directory: Path) -> Made:
        for name, path in sources.items():
            shutil.copytree(path / name, directory / name)
        return Made(recipe)

    return store.ensure(Key(_SET_KIND, "+".join(wanted) or "none", digest(recipe)), gather).path


def _ensure_kind(store: Store, name: str, moment: datetime, progress: Progress) -> Path:
    # With the period in the recipe, certificates past a third of their life are simply others.
    period = int(moment.timestamp() // (KINDS[name].life / 3).total_seconds())
    recipe = f"format {_FORMAT}\n{name} {KINDS[name]}\n{' '.join(HOSTS)}\nperiod {period}\n"

    def make(directory: Path) -> Made:
        progress(f"certificates: {name}")
        _remove_outdated(store, moment)
        (directory / name).mkdir()
        _Maker(name, directory / name, moment.replace(microsecond=0)).make()
        return Made(recipe)

    return store.ensure(Key(_STORE_KIND, name, digest(recipe)), make, progress).path


def _remove_outdated(store: Store, moment: datetime) -> None:
    for entry in (*store.entries(_STORE_KIND), *store.entries(_SET_KIND)):
        if entry.created < moment - LIFE:
            with suppress(ImageError):  # in use, or the machine's
                store.remove(entry)


class _Maker:
    """Fills a directory with the certificates of one kind."""

    def __init__(self, name: str, directory: Path, moment: datetime) -> None:
        from parley import certificate  # noqa: PLC0415 -- slow to load, and wanted once in months

        self.x509 = certificate
        self.name = name
        self.kind = KINDS[name]
        self.directory = directory
        # Authorities are older than the certificates that expired, which must fail for that reason alone.
        self.authorities_valid = certificate.Validity(moment - 60 * _DAY, moment + LIFE)
        self.hosts_valid = certificate.Validity(moment - _DAY, moment + self.kind.life)
        if self.kind.expired:
            self.hosts_valid = certificate.Validity(moment - 30 * _DAY, moment - _DAY)

    def make(self) -> None:
        """Make everything; keys in parallel, because those of RSA take seconds of a processor."""
        count = len(HOSTS) + 1 + self.kind.intermediate
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            keys = list(pool.map(self.x509.make_key, [self.kind.algorithm] * count))
        authorities = self._make_authorities(keys)
        hosts = dict(zip(HOSTS, keys[-len(HOSTS) :], strict=True))
        identities = {host: self._make_host(authorities[-1], host, key) for host, key in hosts.items()}
        for host, identity in identities.items():
            self._write_host(host, identity, authorities[1:])
        self._write_lists(authorities, [identity.certificate for identity in identities.values()])

    def _make_authorities(self, keys: Sequence[PrivateKey]) -> list[Identity]:
        """The root and, in a chain, the one below it; hosts get theirs from the last."""
        root = self.x509.self_signed(f"Parley {self.name} CA", keys[0], self.authorities_valid)
        self._write("ca.crt", root.certificate_pem)
        if not self.kind.intermediate:
            return [root]
        name = f"Parley {self.name} intermediate CA"
        below = self.x509.subordinate(root, name, keys[1], self.authorities_valid)
        self._write("ca.intermediate.crt", below.certificate_pem)
        return [root, below]

    def _make_host(self, issuer: Identity, host: str, key: PrivateKey) -> Identity:
        comment = self.kind.comment
        return self.x509.for_host(issuer, host, key, self.hosts_valid, comment_length=comment)

    def _write_host(self, host: str, identity: Identity, intermediates: Sequence[Identity]) -> None:
        self._write(f"{host}.crt", identity.certificate_pem)
        self._write(f"{host}.key", identity.key_pem)
        self._write(f"{host}.pub", identity.public_pem)
        others = [intermediate.certificate for intermediate in intermediates]
        self._write(f"{host}.p12", identity.pkcs12(host, PASSWORD, others))
        if intermediates:
            chain = (identity, *intermediates)
            self._write(f"{host}.chain.crt", b"".join(link.certificate_pem for link in chain))

    def _write_lists(self, authorities: Sequence[Identity], hosts: Sequence[Certificate]) -> None:
        """One list an authority: a daemon that checks the whole chain wants all of them."""
        issuer = authorities[-1]
        revoked = hosts if self.kind.revoked else []
        lists = [self.x509.revocation_list(each, [], self.authorities_valid) for each in authorities[:-1]]
        lists.append(self.x509.revocation_list(issuer, revoked, self.authorities_valid))
        self._write("crl.pem", b"".join(self.x509.crl_pem(each) for each in lists))
        self._write("crl.der", self.x509.crl_der(lists[-1]))

    def _write(self, name: str, content: bytes) -> None:
        (self.directory / name).write_bytes(content)

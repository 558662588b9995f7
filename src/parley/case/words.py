"""The words that name hosts, platforms and implementations in a suite's files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from parley.case.model import HostSpec
from parley.daemon.registry import daemons
from parley.errors import UsageError
from parley.lab.topology import NETWORK
from parley.near import nearest

HOSTS = tuple(sorted(host.name for host in NETWORK.hosts))
# The one host that only forwards: what configures "every host" is not meant for it.
ROUTER = "nic"
PLATFORMS = ("alpine", "debian", "fedora", "freebsd", "linux", "netbsd", "openbsd")
# A bare host name, and Libreswan's word "linux", mean the platform that Parley boots.
DEFAULT_PLATFORM = "debian"
_LINUX = "linux"
# What OpenBSD itself calls its daemon.
_ALIASES = {"iked": "openiked"}
# Libreswan up to 5.2 wrote openbsde and openbsdw for openbsdeast and openbsdwest.
_INITIALS = {"e": "east", "w": "west"}
_HOST = rf"(?P<platform>{'|'.join(PLATFORMS)})?(?P<host>{'|'.join((*HOSTS, *_INITIALS))})"
_GUEST = re.compile(rf"\b{_HOST}\b")
# Numbered scripts of Libreswan 5.2 glue what they do to the host: 01-eastinit.sh.
_GLUED_GUEST = re.compile(rf"\b{_HOST}(?:init|run|final|check|end|ping)?\b")


@dataclass(frozen=True, slots=True)
class Guest:
    """A host as a script's name writes it; `platform` is empty for a bare host name."""

    host: str
    platform: str = ""

    @property
    def spec(self) -> HostSpec:
        """The host that is booted for it."""
        return HostSpec(self.host, resolve_platform(self.platform or DEFAULT_PLATFORM))

    @property
    def sort_key(self) -> str:
        """Its full name in Libreswan's tests, where a bare host runs Linux: what those are sorted by."""
        return (self.platform or _LINUX) + self.host


def parse_guest(word: str) -> Guest | None:
    """`east` or `openbsdeast` as a guest, or None for another word."""
    match = _GUEST.fullmatch(word)
    return _guest(match) if match else None


def guests_in(name: str, *, glued: bool = False) -> list[Guest]:
    """The guests that a file name names as whole words, in order.

    `glued` accepts words such as `eastinit` too.
    """
    pattern = _GLUED_GUEST if glued else _GUEST
    found = (_guest(match) for match in pattern.finditer(name))
    return list(dict.fromkeys(guest for guest in found if guest))


def implementations() -> tuple[str, ...]:
    """Names of all known implementations."""
    return tuple(daemons())


def resolve_platform(word: str) -> str:
    """The platform that a platform word stands for."""
    return DEFAULT_PLATFORM if word == _LINUX else word


def parse_role(host: str, text: str) -> tuple[str, str]:
    """`PLATFORM/IMPLEMENTATION` (either part may be missing) as a pair; empty where nothing is said.

    Raises UsageError with the nearest valid word, also for a host that does not exist.
    """
    if host not in HOSTS:
        raise UsageError(f"{host}={text}: no host is called {host}", hint=nearest(host, HOSTS))
    platform, slash, implementation = text.partition("/")
    if not slash and without_suite(_ALIASES.get(platform, platform)) in implementations():
        platform, implementation = "", platform
    if platform and platform not in PLATFORMS:
        known = PLATFORMS if slash else (*PLATFORMS, *implementations())
        what = "platform" if slash else "platform or implementation"
        raise UsageError(f"{host}={text}: no {what} is called {platform}", hint=nearest(platform, known))
    implementation = _ALIASES.get(implementation, implementation)
    if implementation and without_suite(implementation) not in implementations():
        hint = nearest(implementation, implementations())
        raise UsageError(f"{host}={text}: no implementation is called {implementation}", hint=hint)
    return resolve_platform(platform), implementation


def is_role_word(word: str) -> bool:
    """Whether `word` is a platform or an implementation (with or without the suite it is taken from)."""
    return word in PLATFORMS or without_suite(word) in implementations()


def role_words() -> tuple[str, ...]:
    """All platforms and implementations."""
    return (*PLATFORMS, *implementations())


def has_role(spec: HostSpec, word: str) -> bool:
    """Whether a host is what `word` says: its platform or its implementation, with or without suite."""
    return resolve_platform(word) == spec.platform or word in {
        spec.implementation,
        without_suite(spec.implementation),
    }


def without_suite(implementation: str) -> str:
    """An implementation without the Debian suite that it is taken from: strongswan of strongswan@sid."""
    return implementation.partition("@")[0]


def _guest(match: re.Match[str]) -> Guest | None:
    platform, host = match["platform"] or "", match["host"]
    if host in _INITIALS and not platform:
        return None
    return Guest(_INITIALS.get(host, host), platform)

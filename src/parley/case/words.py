"""The words that name hosts, platforms and implementations in a suite's files."""

from __future__ import annotations

import re

from parley.case.model import HostSpec
from parley.daemon.registry import daemons
from parley.errors import UsageError
from parley.lab.topology import NETWORK
from parley.near import nearest

HOSTS = tuple(sorted(host.name for host in NETWORK.hosts))
PLATFORMS = ("alpine", "debian", "fedora", "freebsd", "linux", "netbsd", "openbsd")
# A bare host name, and Libreswan's word "linux", mean the platform that Parley boots.
DEFAULT_PLATFORM = "debian"
_ALIASES = {"linux": DEFAULT_PLATFORM}

_GUEST = re.compile(rf"\b(?P<platform>{'|'.join(PLATFORMS)})?(?P<host>{'|'.join(HOSTS)})\b")


def parse_guest(word: str) -> HostSpec | None:
    """`east` or `openbsdeast` as a host, or None for another word."""
    match = _GUEST.fullmatch(word)
    return _spec(match) if match else None


def guests_in(name: str) -> list[HostSpec]:
    """The hosts that a file name names as whole words, in order, each once."""
    found: dict[str, HostSpec] = {}
    for match in _GUEST.finditer(name):
        found.setdefault(match["host"], _spec(match))
    return list(found.values())


def implementations() -> tuple[str, ...]:
    """Names of all known implementations."""
    return tuple(daemons())


def parse_role(host: str, text: str) -> tuple[str, str]:
    """`PLATFORM/IMPLEMENTATION` (either part may be missing) as a pair; empty where nothing is said.

    Raises UsageError with the nearest valid word.
    """
    platform, slash, implementation = text.partition("/")
    if not slash and platform.partition("@")[0] in implementations():
        platform, implementation = "", platform
    if platform and platform not in PLATFORMS:
        raise UsageError(
            f"{host}={text}: no platform is called {platform}", hint=nearest(platform, PLATFORMS)
        )
    base = implementation.partition("@")[0]
    if base and base not in implementations():
        raise UsageError(
            f"{host}={text}: no implementation is called {base}", hint=nearest(base, implementations())
        )
    return _ALIASES.get(platform, platform), implementation


def _spec(match: re.Match[str]) -> HostSpec:
    platform = match["platform"] or DEFAULT_PLATFORM
    return HostSpec(match["host"], _ALIASES.get(platform, platform))

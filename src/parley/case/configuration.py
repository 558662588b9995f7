"""What the configuration files of a case say: which daemon each host runs, and with which of them.

A host runs the daemon that its own files are for, `HOST[.QUALIFIER]....SUFFIX`, else the daemon that the
files for every host are for, `SUFFIX` alone; without any it runs none.

===============================  ==========
suffix                           daemon
===============================  ==========
iked.conf                        openiked
swanctl.conf, strongswan.conf    strongswan
ipsec.conf, ipsec.secrets        libreswan
conf, secrets                    libreswan (for one host only)
===============================  ==========

ipsec.conf(5) and ipsec.secrets(5) are formats of strongSwan too, so beside a host's own file for
strongSwan they are strongSwan's. Any other mixture is an error, for nobody can know which daemon is
meant, unless the caller says it. Files for every host say nothing about nic, which is a router.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from parley.case.qualifier import select, split_qualifiers
from parley.case.words import ROUTER, is_role_word, role_words, without_suite
from parley.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.case.model import HostSpec

_DAEMON = {
    "iked.conf": "openiked",
    "swanctl.conf": "strongswan",
    "strongswan.conf": "strongswan",
    "ipsec.conf": "libreswan",
    "ipsec.secrets": "libreswan",
    "conf": "libreswan",
    "secrets": "libreswan",
}
# Files of any other program end so, too (east.xl2tpd.conf), and these say more than that.
_COMMON = {
    suffix: tuple(f".{longer}" for longer in _DAEMON if longer.endswith(f".{suffix}"))
    for suffix in ("conf", "secrets")
}
# How near a word must be to a qualifier to be taken for a mistyped one.
_NEAR = 0.8


def implementation_of(spec: HostSpec, files: Sequence[Path], hosts: Sequence[HostSpec]) -> str:
    """The implementation that the files say `spec` runs; empty if they say none.

    Implementations of `hosts` may be unknown still; their platforms may not. Raises InputError when the
    files are for several.
    """
    own = _by_daemon(_own(spec.name, files, hosts))
    if "strongswan" in own:
        own.pop("libreswan", None)
    for found in (own, _by_daemon(_shared(spec.name, files))):
        if len(found) > 1:
            first, second, *_ = found.values()
            raise InputError(
                second,
                0,
                f"{spec.name} cannot run both this file's daemon and that of {first.name}",
                hint=f"say which: --host {spec.name}={spec.platform}/{next(iter(found))}",
            )
        if found:
            return next(iter(found))
    return ""


def require_configuration(spec: HostSpec, files: Sequence[Path], hosts: Sequence[HostSpec]) -> None:
    """Raise InputError if the files configure `spec`, but not for the implementation that it runs."""
    wanted = without_suite(spec.implementation)
    found = _by_daemon(_own(spec.name, files, hosts) | _shared(spec.name, files))
    if found and wanted not in found and wanted in _DAEMON.values():
        suffix = next(suffix for suffix, daemon in _DAEMON.items() if daemon == wanted)
        path = next(iter(found.values()))
        raise InputError(
            path.parent,
            0,
            f"{spec.name} has {path.name} for {next(iter(found))}, and nothing for {wanted}",
            hint=f"write {spec.name}.{suffix}",
        )


def qualified_files(files: Sequence[Path], hosts: Sequence[HostSpec]) -> dict[str, Path]:
    """The configuration files with qualifiers that apply, by the name without, which daemons look for."""
    return {
        f"{host.name}.{suffix}": path
        for host in hosts
        for suffix, path in _own(host.name, files, hosts).items()
        if path.name != f"{host.name}.{suffix}"
    }


def _own(host: str, files: Sequence[Path], hosts: Sequence[HostSpec]) -> dict[str, Path]:
    """The host's own files by suffix."""
    mine = [path for path in files if path.name.startswith(f"{host}.")]
    candidates = (
        (suffix, [path for path in mine if _is_candidate(path, host, suffix)]) for suffix in _DAEMON
    )
    chosen = ((suffix, select(paths, host, suffix, hosts)) for suffix, paths in candidates)
    return {suffix: path for suffix, path in chosen if path}


def _is_candidate(path: Path, host: str, suffix: str) -> bool:
    if suffix not in _COMMON:
        return True
    if path.name.endswith(_COMMON[suffix]):
        # east.strongswan.conf is no east.conf for strongSwan, though that word is a qualifier.
        return False
    words = [word.rpartition("=")[2] for word in split_qualifiers(path.name, host, suffix) or ()]
    return all(is_role_word(word) or get_close_matches(word, role_words(), 1, _NEAR) for word in words)


def _shared(host: str, files: Sequence[Path]) -> dict[str, Path]:
    if host == ROUTER:
        return {}
    return {path.name: path for path in files if path.name in _DAEMON and path.name not in _COMMON}


def _by_daemon(files: dict[str, Path]) -> dict[str, Path]:
    """One file of each implementation."""
    found: dict[str, Path] = {}
    for suffix, path in files.items():
        found.setdefault(_DAEMON[suffix], path)
    return found

"""Loads one directory of a suite as a case."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from parley.case.model import HostSpec, Reference, ScriptedCase
from parley.case.qualifier import select
from parley.case.script import load_scripts
from parley.case.words import HOSTS, parse_role
from parley.errors import InputError, UsageError
from parley.near import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from parley.case.testlist import Listed

_CONSOLE = "console.txt"
# What a configuration file's name says of the daemon that reads it; the first that fits counts.
_DAEMON_OF = (
    (re.compile(r"([\w=@]+\.)*iked\.conf"), "openiked"),
    (re.compile(r"([\w=@]+\.)*(swanctl|strongswan)\.conf"), "strongswan"),
    (re.compile(r"(ipsec\.)?(conf|secrets)"), "libreswan"),
)


def load_case(directory: Path, listed: Listed, overrides: Mapping[str, str]) -> ScriptedCase:
    """Load and check the case in `directory`.

    `overrides` maps hosts to PLATFORM/IMPLEMENTATION, against what the files say. Raises InputError for
    a broken case and UsageError for an override that names what the case does not have.
    """
    specs, steps = load_scripts(directory)
    files = sorted(path for path in directory.iterdir() if path.is_file())
    hosts = tuple(_override(_with_daemon(spec, directory, files), overrides) for spec in specs)
    for host in overrides:
        if host not in HOSTS:
            raise UsageError(f"--host {host}: no host is called so", hint=nearest(host, HOSTS))
    title, description = _description(directory)
    return ScriptedCase(
        name=directory.name,
        directory=directory.resolve(),
        suite=directory.resolve().parent,
        hosts=hosts,
        steps=steps,
        references=_references(files, hosts),
        title=title,
        description=description,
        kind=listed.kind,
        status=listed.status,
        issue=listed.issue,
    )


def _with_daemon(spec: HostSpec, directory: Path, files: list[Path]) -> HostSpec:
    """The host with the daemon that its own configuration files are for, else the case's shared ones."""
    prefix = f"{spec.name}."
    own = {_daemon_of(path.name.removeprefix(prefix)) for path in files if path.name.startswith(prefix)}
    shared = {_daemon_of(path.name) for path in files}
    for found in (own - {""}, shared - {""}):
        if len(found) > 1:
            daemons = " and ".join(sorted(found))
            raise InputError(directory, 0, f"the configuration files of {spec.name} are for {daemons}")
        if found:
            return replace(spec, implementation=found.pop())
    return spec


def _daemon_of(name: str) -> str:
    """`openbsd.iked.conf` (qualifiers may stand before) or `iked.conf` as the daemon that reads it."""
    for pattern, daemon in _DAEMON_OF:
        if pattern.fullmatch(name):
            return daemon
    return ""


def _override(spec: HostSpec, overrides: Mapping[str, str]) -> HostSpec:
    if spec.name not in overrides:
        return spec
    platform, implementation = parse_role(spec.name, overrides[spec.name])
    return HostSpec(spec.name, platform or spec.platform, implementation or spec.implementation)


def _references(files: list[Path], hosts: tuple[HostSpec, ...]) -> tuple[Reference, ...]:
    merged = select(files, "all", _CONSOLE, hosts)
    if merged is not None:
        return (Reference("", merged.resolve()),)
    chosen = ((host.name, select(files, host.name, _CONSOLE, hosts)) for host in hosts)
    return tuple(Reference(host, path.resolve()) for host, path in chosen if path is not None)


def _description(directory: Path) -> tuple[str, str]:
    path = directory / "description.txt"
    if not path.is_file():
        return "", ""
    text = path.read_text(encoding="utf-8", errors="backslashreplace").strip()
    title, _, body = text.partition("\n")
    return title.strip(), body.strip()

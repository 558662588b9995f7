"""Loads one directory of a suite as a case.

What each host is comes from three places, the first that says anything counts: the caller's overrides,
the names of the scripts (platform), the names of the configuration files (implementation,
case.configuration). References are `HOST[.QUALIFIER]....console.txt` (case.qualifier); if one called
`all[.HOST=WORD]....console.txt` applies, the merged transcript is compared with it, and nothing else is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parley.case.configuration import implementation_of, qualified_files, require_configuration
from parley.case.model import HostSpec, Reference, ScriptedCase
from parley.case.needs import read_needs
from parley.case.qualifier import ALL, select
from parley.case.script import load_script
from parley.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from parley.case.testlist import Listed

_CONSOLE = "console.txt"


def load_case(directory: Path, listed: Listed, roles: Mapping[str, tuple[str, str]]) -> ScriptedCase:
    """Load and check the case in `directory`.

    `roles` maps hosts to platform and implementation (words.parse_role), against what the files say.
    Raises InputError for a broken case.
    """
    # A case that is a symbolic link keeps the name that its suite gives it.
    directory = directory.parent.resolve() / directory.name
    try:
        return _load(directory, listed, roles)
    except OSError as error:
        raise InputError(directory, 0, f"cannot be read: {error.strerror}") from error


def _load(directory: Path, listed: Listed, roles: Mapping[str, tuple[str, str]]) -> ScriptedCase:
    script = load_script(directory)
    files = sorted(path for path in directory.iterdir() if path.is_file())
    hosts = _cast(script.hosts, files, roles)
    title, description = _description(directory)
    return ScriptedCase(
        name=directory.name,
        directory=directory,
        suite=directory.parent,
        hosts=hosts,
        steps=script.steps,
        references=_references(files, hosts),
        title=title,
        description=description,
        kind=listed.kind,
        status=listed.status,
        issue=listed.issue,
        qualified=qualified_files(files, hosts),
        needs=read_needs(directory),
        notes=(*script.notes, *_spare_references(files, hosts)),
    )


def _cast(
    specs: Sequence[HostSpec], files: Sequence[Path], roles: Mapping[str, tuple[str, str]]
) -> tuple[HostSpec, ...]:
    """The hosts in their roles. All platforms come first: what a qualified file means may hang on them."""
    asked = [roles.get(spec.name, ("", "")) for spec in specs]
    hosts = [
        replace(spec, platform=platform or spec.platform)
        for spec, (platform, _) in zip(specs, asked, strict=True)
    ]
    cast = tuple(
        replace(host, implementation=implementation or implementation_of(host, files, hosts))
        for host, (_, implementation) in zip(hosts, asked, strict=True)
    )
    for host, (_, implementation) in zip(cast, asked, strict=True):
        if implementation:
            require_configuration(host, files, cast)
    return cast


def _references(files: Sequence[Path], hosts: Sequence[HostSpec]) -> tuple[Reference, ...]:
    merged = select(files, ALL, _CONSOLE, hosts)
    if merged is not None:
        return (Reference("", merged),)
    chosen = ((host.name, select(files, host.name, _CONSOLE, hosts)) for host in hosts)
    return tuple(Reference(host, path) for host, path in chosen if path is not None)


def _spare_references(files: Sequence[Path], hosts: Sequence[HostSpec]) -> tuple[str, ...]:
    stems = {host.name for host in hosts} | {ALL}
    spare = (
        path for path in files if path.name.endswith(_CONSOLE) and path.name.partition(".")[0] not in stems
    )
    return tuple(f"{path.name} is compared with nothing: no such host in the scripts" for path in spare)


def _description(directory: Path) -> tuple[str, str]:
    path = directory / "description.txt"
    if not path.is_file():
        return "", ""
    text = path.read_text(encoding="utf-8", errors="backslashreplace").strip()
    title, _, body = text.partition("\n")
    return title.strip(), body.strip()

"""What boots the hosts of a run: backends by name and by host, each with its kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from parley.backend.registry import make_backend, parse_choice
from parley.errors import UsageError
from parley.lab.clock import SEED
from parley.lab.topology import NETWORK
from parley.near import nearest
from parley.run.plan import Booting, Equipment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from parley.image.equip import Tools
    from parley.image.rootfs import Image


def check_booting(backends: Iterable[str], first: str, hosts: Iterable[str] = ()) -> None:
    """Raise UsageError for a backend or a host that does not exist, before anything is made.

    `hosts` are those that will be booted, where that is known: a word about another one is a mistake.
    """
    named = {"--backend": [*parse_choice(backends).by_host], "--first": [first] if first else []}
    booted = set(hosts)
    for option, names in named.items():
        for name in names:
            NETWORK.host(name)
            if booted and name not in booted:
                raise UsageError(
                    f"{option} {name}: no selected case has this host", hint=nearest(name, booted)
                )


def equipment_of(
    tools: Tools, images: Mapping[str, Image], backends: Iterable[str], seed: str = SEED
) -> Equipment:
    """What the cases of a run share, with the kernels that its backends want made if need be."""
    choice = parse_choice(backends)
    names = dict.fromkeys((choice.default, *choice.by_host.values()))
    booting = {name: _booting(name, tools) for name in names}
    default = booting[choice.default]
    by_host = {host: booting[name] for host, name in choice.by_host.items()}
    return Equipment(
        images,
        default.kernel,
        default.backend,
        tools.certificates,
        by_host,
        systems=tools.systems,
        seed=seed,
    )


def _booting(name: str, tools: Tools) -> Booting:
    backend = make_backend(name)
    for remark in backend.remarks():
        click.echo(f"parley: {remark}", err=True)
    return Booting(backend, backend.kernel_for_linux(tools.kernel, _tell))


def _tell(line: str) -> None:
    click.echo(f"parley: {line}", err=True)

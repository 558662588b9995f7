"""What must be compiled for the hosts of a run that are no Linux."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from parley.case.words import without_suite
from parley.image.store import Store
from parley.platform.names import BSDS
from parley.run.bsd_build import IMPLEMENTATION, ensure_bsd_build

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from parley.case.model import ScriptedCase
    from parley.image.source import Source
    from parley.run.plan import Equipment


def builds_for(
    cases: Iterable[ScriptedCase], sources: Iterable[Source], equipment: Equipment
) -> dict[tuple[str, str], Path]:
    """Archives by platform and implementation, made if need be, for every host that runs a source.

    A system that is not installed here is left out: its cases say so themselves.
    """
    wanted = {
        (host.platform, host.implementation)
        for case in cases
        for host in case.hosts
        if host.platform in BSDS and host.platform in equipment.systems
    }
    return {
        (platform, implementation): ensure_bsd_build(Store.default(), source, platform, equipment, _tell)
        for source in sources
        if source.implementation == IMPLEMENTATION
        for platform, implementation in sorted(wanted)
        if without_suite(implementation) == IMPLEMENTATION
    }


def _tell(line: str) -> None:
    click.echo(f"parley: {line}", err=True)

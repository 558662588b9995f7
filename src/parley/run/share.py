"""What a case needs for a share over NFS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from parley.case.model import HostSpec
from parley.errors import UnsupportedError
from parley.image.recipe import NFS_SERVER
from parley.lab.clock import VIRTUAL
from parley.lab.lab import HostPlan
from parley.lab.share import NfsShare, check_kernel
from parley.platform.debian import Debian
from parley.platform.nfs import CLIENT_MODULES, SERVER, SERVER_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.run.plan import Equipment

# How guests may get the case's directory: as each backend does it (hostfs, 9p, drives), or over NFS.
OWN, NFS = SHARES = ("own", "nfs")


def plan_share(equipment: Equipment, clock: str) -> NfsShare | None:
    """The share of a new lab, if the run wants one.

    Raises UnsupportedError in virtual time, and for a kernel that cannot serve.
    """
    if equipment.share != NFS:
        return None
    if clock == VIRTUAL:
        raise UnsupportedError("a share over NFS comes from a kernel with a clock of its own")
    booting = equipment.booting(SERVER)
    check_kernel(booting.kernel)
    return NfsShare(
        HostPlan(
            HostSpec(SERVER),
            Debian(),
            booting.backend,
            equipment.images[NFS_SERVER],
            booting.kernel,
            SERVER_MODULES,
        )
    )


def as_clients(plans: Iterable[HostPlan]) -> tuple[HostPlan, ...]:
    """The same hosts with what they need to mount a share."""
    return tuple(replace(plan, modules=(*plan.modules, *CLIENT_MODULES)) for plan in plans)

"""What a lab is made of, a share over NFS included."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.case.model import HostSpec
from parley.errors import UnsupportedError
from parley.image.recipe import NFS_SERVER
from parley.lab.clock import AUTO, REAL, VIRTUAL, lab_kind
from parley.lab.lab import HostPlan
from parley.lab.share import NfsShare, check_kernel
from parley.platform.debian import Debian
from parley.platform.nfs import CLIENT_MODULES, SERVER, SERVER_MODULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.lab.lab import Lab
    from parley.run.plan import Equipment

# How guests may get the case's directory: as each backend does it (hostfs, 9p, drives), or over NFS.
OWN, NFS = SHARES = ("own", "nfs")


@dataclass(frozen=True, slots=True)
class Stage:
    """What a lab is made of."""

    kind: type[Lab]
    plans: tuple[HostPlan, ...]
    share: NfsShare | None


def set_stage(plans: tuple[HostPlan, ...], equipment: Equipment, *, asked: str, case: str = AUTO) -> Stage:
    """The stage for hosts as planned; `asked` and `case` are wishes for a clock (lab.clock.lab_kind).

    Raises UnsupportedError for virtual time that cannot be had, also because of a share over NFS, and for
    a kernel that cannot serve one.
    """
    share = _plan_share(equipment, case if asked == AUTO else asked)
    kind = lab_kind(REAL if share else asked, case, plans)
    return Stage(kind, _as_clients(plans) if share else plans, share)


def _plan_share(equipment: Equipment, clock: str) -> NfsShare | None:
    """The share of a new lab, if the run wants one."""
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


def _as_clients(plans: Iterable[HostPlan]) -> tuple[HostPlan, ...]:
    """The same hosts with what they need to mount a share."""
    return tuple(replace(plan, modules=(*plan.modules, *CLIENT_MODULES)) for plan in plans)

"""From cases to everything that must be there before the first one boots."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.daemon.registry import daemon_named
from parley.errors import UnsupportedError
from parley.lab.clock import SEED
from parley.lab.lab import HostPlan
from parley.platform.debian import Debian
from parley.platform.names import BSDS
from parley.run.bsd import plan_bsd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from parley.backend.base import Backend
    from parley.case.model import HostSpec
    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.install.base import Base

# A host without a daemon (a router, a client) boots this image for its tools.
TOOLS_IMAGE = "libreswan"


@dataclass(frozen=True, slots=True)
class Booting:
    """A backend, and the kernel with which it boots Linux hosts."""

    backend: Backend
    kernel: Kernel


@dataclass(frozen=True, slots=True)
class Equipment:
    """What cases of a run share: images by name, the kernel, the backend, certificates by kind.

    `by_host` holds what single hosts are booted by instead; `systems` are the installed BSDs by platform;
    `share` is how guests get a case's directory (run.share); `builds` are archives of what was compiled for
    a platform, by it and the implementation; `seed` decides what is left to chance in virtual time.
    """

    images: Mapping[str, Image]
    kernel: Kernel
    backend: Backend
    certificates: Path
    by_host: Mapping[str, Booting] = field(default_factory=dict)
    systems: Mapping[str, Base] = field(default_factory=dict)
    share: str = ""
    seed: str = SEED
    builds: Mapping[tuple[str, str], Path] = field(default_factory=dict)

    @property
    def slowness(self) -> float:
        """That of the slowest hosts there are."""
        backends = (self.backend, *(booting.backend for booting in self.by_host.values()))
        return max(backend.slowness for backend in backends)

    def version(self, word: str) -> str:
        """The version of what a word of the matrix means; empty for a system that is not installed."""
        system = self.systems.get(word)
        if system or word in BSDS:
            return system.version if system else ""
        return self.images[word].version

    def booting(self, host: str) -> Booting:
        """How a host is booted."""
        return self.by_host.get(host) or Booting(self.backend, self.kernel)


def image_name(spec: HostSpec) -> str:
    """The image that a host boots."""
    return spec.implementation or TOOLS_IMAGE


def images_needed(hosts: Iterable[HostSpec]) -> tuple[str, ...]:
    """Names of all images that the hosts boot; a BSD's host boots a clone of its system's disk."""
    return tuple(sorted({image_name(host) for host in hosts if host.platform not in BSDS}))


def plan_hosts(
    hosts: Iterable[HostSpec], equipment: Equipment, needs: Iterable[str] = ()
) -> tuple[HostPlan, ...]:
    """How each host is booted.

    Raises UnsupportedError for a platform that is not here, and for features that the case `needs`
    (image.kernel_features) and the kernel lacks.
    """
    plans = tuple(_plan_host(spec, equipment) for spec in hosts)
    wanted = tuple(needs)
    for plan in (plan for plan in plans if plan.spec.platform not in BSDS):
        lacking = plan.kernel.lacking(wanted)
        if lacking:
            raise UnsupportedError(lacking)
    return plans


def _plan_host(spec: HostSpec, equipment: Equipment) -> HostPlan:
    if spec.platform in BSDS:
        return plan_bsd(spec, equipment)
    if spec.platform not in {"debian", "linux"}:
        raise UnsupportedError(f"{spec.name} wants {spec.platform}, and no image of it is installed here")
    booting = equipment.booting(spec.name)
    return HostPlan(
        spec=spec,
        platform=Debian(),
        backend=booting.backend,
        image=equipment.images[image_name(spec)],
        kernel=booting.kernel,
        modules=daemon_named(spec.implementation).modules if spec.implementation else (),
    )

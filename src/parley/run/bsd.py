"""How hosts of the BSDs are booted: clones of an installed system, in an emulated PC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.backend.registry import make_backend
from parley.errors import UnsupportedError
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.lab.console_host import Media
from parley.lab.lab import HostPlan
from parley.platform.freebsd import FreeBsd
from parley.platform.openbsd import OpenBsd

if TYPE_CHECKING:
    from parley.backend.base import Backend
    from parley.case.model import HostSpec
    from parley.install.base import Base
    from parley.platform.bsd import Bsd
    from parley.run.plan import Equipment

_PLATFORMS: dict[str, type[Bsd]] = {"openbsd": OpenBsd, "freebsd": FreeBsd}
# User-mode Linux boots no other system.
_LINUX_ONLY = "uml"
_EMULATOR = "qemu"


def plan_bsd(spec: HostSpec, equipment: Equipment) -> HostPlan:
    """How a host of a BSD is booted. Raises UnsupportedError if its system is not installed here."""
    system = equipment.systems.get(spec.platform)
    if system is None:
        raise UnsupportedError(
            f"{spec.name} wants {spec.platform}, and no image of it is installed here; "
            f"to have it: parley install {spec.platform} --iso FILE"
        )
    return HostPlan(
        spec=spec,
        platform=_PLATFORMS[spec.platform](str(system.facts["root_password"])),
        backend=_emulator(spec.name, equipment),
        image=_image(spec.platform, system),
        kernel=_kernel(spec.platform, system),
        media=Media(system.disk),
        restores=True,
        overlay=equipment.builds.get((spec.platform, spec.implementation)),
    )


def _image(platform: str, system: Base) -> Image:
    """The disk, as what a result tells of an image: what comes with the system has the system's version."""
    packages = {"openiked": system.version} if platform == "openbsd" else {}
    return Image(system.name, system.disk.path, packages | system.packages, system.digest, system.version)


def _kernel(platform: str, system: Base) -> Kernel:
    """The same of its kernel, which lies on the disk."""
    version = str(system.facts["kernel"])
    return Kernel(platform, version, system.disk.path, None, system.digest, frozenset())


def _emulator(host: str, equipment: Equipment) -> Backend:
    chosen = equipment.booting(host).backend
    return make_backend(_EMULATOR) if chosen.name == _LINUX_ONLY else chosen

"""Hosts as Libreswan's own suite expects them: a Debian that behaves like that suite's Fedora.

What differs from Debian lies here and in guest/fedora-like: its shell is bash (image.recipe), commands
of systemd, SELinux and Fedora's strongSwan are stand-ins, keys come out of the image, files lie where
that suite's scripts look for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from parley.platform.debian import ALONE, Debian, Seat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from parley.case.model import HostSpec
    from parley.lab.jail import Jail
    from parley.lab.topology import Topology


@dataclass(frozen=True, slots=True)
class FedoraLike(Debian):
    """Prepares the share of a host of Libreswan's own suite; `without` names stand-ins that it needs not."""

    name: str = "fedora-like"
    without: tuple[str, ...] = ()

    def prepare(
        self,
        jail: Jail,
        host: HostSpec,
        topology: Topology,
        directory: str,
        seat: Seat = ALONE,
        *,
        modules: Iterable[str] = (),
    ) -> str:
        """Write what `host` needs to boot; return the boot script's path inside the share."""
        script = Debian.prepare(self, jail, host, topology, directory, seat, modules=modules)
        guest = files("parley.platform") / "guest" / "fedora-like"
        for file in (file for file in guest.iterdir() if file.name not in self.without):
            mode, place = (0o644, "") if file.name.endswith(".sh") else (0o755, "bin/")
            jail.write(f"{host.name}/{place}{file.name}", file.read_bytes(), mode=mode)
        return script

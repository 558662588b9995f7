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
        name = f"{host.name}/network"
        # The queueing of Fedora's cards; a kernel without it shows none, and so do transcripts.
        queues = [
            f"qdisc replace dev {card.name} root fq_codel\n" for card in topology.host(host.name).interfaces
        ]
        jail.write(f"{host.name}/queues", "".join(queues).encode())
        jail.write(name, jail.read(name) + _cards(topology, host.name).encode())
        return script


def _cards(topology: Topology, host: str) -> str:
    """What `ip address` shows of cards there: they are also named after their slots in a PC of libvirt's.

    A host with one card has it in slot 5, one with two has them in 6 and 8.
    """
    cards = topology.host(host).interfaces
    slots = (5,) if len(cards) == 1 else (6, 8)
    lines = []
    for card, slot in zip(cards, slots, strict=False):
        names = f"altname enp0s{slot} altname ens{slot}"
        lines += [f"link set {card.name} txqueuelen 1000", f"link property add dev {card.name} {names}"]
    return "\n".join(lines) + "\n"

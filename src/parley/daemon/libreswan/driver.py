"""Libreswan at one end of a scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.daemon.driver import Driver, GuestFile, Lack
from parley.daemon.libreswan import commands
from parley.daemon.libreswan.config import ipsec_conf, ipsec_secrets
from parley.daemon.libreswan.keys import write_keys
from parley.daemon.libreswan.lacks import find_lack
from parley.daemon.libreswan.status import parse_status, status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.scenario.model import Child
    from parley.scenario.state import DaemonView


class LibreswanDriver(Driver):
    """Pluto, configured by files and commanded by whack."""

    name = "libreswan"

    def lack(self) -> Lack | None:
        """Why Libreswan cannot play this role, or None."""
        return find_lack(self.connection, self.role)

    def files(self) -> Mapping[str, GuestFile]:
        """ipsec.conf(5), ipsec.secrets(5), and the source of the library that tells IKE keys."""
        return {
            "/etc/ipsec.conf": GuestFile(ipsec_conf(self.connection, self.role, self.addresses)),
            "/etc/ipsec.secrets": GuestFile(ipsec_secrets(self.connection, self.role)),
            commands.KEYLOG_SOURCE: GuestFile(commands.keylog_source()),
        }

    def start(self) -> str:
        """Start pluto and wait until its connections are loaded and oriented."""
        return commands.start(self.connection, self.role)

    def up(self) -> str:
        """Initiate every connection, one after the other."""
        return commands.up(self.connection.children)

    def down(self) -> str:
        """Take every connection down."""
        return commands.down(self.connection.children)

    def delete_child(self, child: Child) -> str:
        """Delete one Child SA."""
        return commands.delete_child(child)

    def rekey_child(self, child: Child) -> str:
        """Rekey one Child SA."""
        return commands.rekey_child(child)

    def rekey_ike(self) -> str:
        """Rekey the IKE SA."""
        return commands.rekey_ike(self.connection.children)

    def reauthenticate(self) -> str:
        """Replace the IKE SA by one that is authenticated anew."""
        return commands.reauthenticate(self.connection.children)

    def kill(self) -> str:
        """End pluto without a word to the peer."""
        return commands.kill()

    def retransmissions(self) -> tuple[float, ...]:
        """ipsec.conf(5) retransmit-interval= and retransmit-timeout=: 0.5 s, doubled, within 60 s.

        Not told there: the first interval comes twice.
        """
        return (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)

    def status(self) -> str:
        """Print pluto's connections and states, and the lines of its log that tell about them."""
        return status()

    def parse_status(self, text: str) -> DaemonView:
        """The SAs that `status` printed."""
        return parse_status(text)

    def keys(self) -> str:
        """Write Wireshark's table from what was derived since the host was booted."""
        return write_keys()

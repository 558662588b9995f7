"""How Parley drives a daemon through a scenario: the seam between scenarios and implementations.

A driver renders configuration and names commands; it never runs anything. Commands are POSIX sh, run as
root on the daemon's host by the lab, and must return when the thing is done: they wait for conditions,
never for fixed times. Exit status 0 means that the daemon says it worked, which proves nothing: what both
kernels and the wire show does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.scenario.model import Child, Role, Scenario
    from parley.scenario.state import DaemonView


@dataclass(frozen=True, slots=True)
class Lack:
    """Something an implementation does not do: declared, with its source, never inferred from a failure."""

    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the two ends are, as the daemon of one side must be told (text forms).

    `interface` is the outer interface of this side's host.
    """

    local: str
    remote: str
    interface: str = "eth1"


@dataclass(frozen=True, slots=True)
class GuestFile:
    """A file to put on the daemon's host."""

    text: str
    mode: int = 0o600


class Driver(ABC):
    """One implementation at one end of one scenario. `version` is a package version, for lacks that end."""

    name: str

    def __init__(self, scenario: Scenario, role: Role, addresses: Addresses, version: str = "") -> None:
        self.scenario = scenario
        self.connection = scenario.connection
        self.role = role
        self.addresses = addresses
        self.version = version

    @abstractmethod
    def lack(self) -> Lack | None:
        """Why this implementation cannot play this role in this scenario, or None."""

    @abstractmethod
    def files(self) -> Mapping[str, GuestFile]:
        """Configuration by absolute path on the host; certificates are at /testing/x509/KIND already."""

    @abstractmethod
    def start(self) -> str:
        """Start the daemon, its log going to /parley/log/, and return when it is ready for `up`.

        A responder is then ready to answer. Nothing may be initiated yet where the daemon can help it.
        """

    @abstractmethod
    def up(self) -> str:
        """Initiate; return when every Child SA is installed (status 0) or the attempt has ended (not 0)."""

    @abstractmethod
    def down(self) -> str:
        """Delete the IKE SA with all its Child SAs, telling the peer."""

    @abstractmethod
    def delete_child(self, child: Child) -> str | None:
        """Delete one Child SA, telling the peer; None where the daemon has no such command."""

    @abstractmethod
    def rekey_child(self, child: Child) -> str | None:
        """Rekey a Child SA now; None where the daemon has no such command."""

    @abstractmethod
    def rekey_ike(self) -> str | None:
        """Rekey the IKE SA now; None where the daemon has no such command."""

    def reauthenticate(self) -> str | None:
        """Start over with a new IKE SA that replaces this one (RFC 7296 section 2.8.3); None: no command."""
        return None

    @abstractmethod
    def kill(self) -> str:
        """End the daemon at once, telling nobody, and take its SAs and policies out of the kernel."""

    def retransmissions(self) -> tuple[float, ...]:
        """When it sends a request again that stays without an answer, by its documentation.

        Seconds after the first time, up to the last time before it gives up; empty: not documented.
        """
        return ()

    @abstractmethod
    def status(self) -> str:
        """Print all SAs, to be read by `parse_status`."""

    @abstractmethod
    def parse_status(self, text: str) -> DaemonView:
        """What `status` printed, as data. Raises ValueError for text that is no such output."""

    @abstractmethod
    def keys(self) -> str:
        """Write /parley/state/ikev2_decryption_table in Wireshark's format; nothing if there are no keys.

        The format is that of Wireshark's preference file of that name: SPIi,SPIr,SK_ei,SK_er,
        "encryption name",SK_ai,SK_ar,"integrity name".
        """

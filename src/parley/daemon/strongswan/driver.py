"""Drives charon through a scenario."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from parley.daemon.driver import Driver, GuestFile
from parley.daemon.shell import forget_ipsec, supervise, wait_until
from parley.daemon.strongswan.config import (
    CONNECTION,
    LOOPBACK,
    demands_cookies,
    strongswan_conf,
    swanctl_conf,
)
from parley.daemon.strongswan.credentials import install_credentials
from parley.daemon.strongswan.keys import gather_keys
from parley.daemon.strongswan.lacks import find_lack
from parley.daemon.strongswan.sas import parse_sas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.daemon.driver import Lack
    from parley.scenario.model import Child
    from parley.scenario.state import DaemonView

_SOCKET = "/run/charon.vici"
_HALF_OPEN = "/usr/local/sbin/half-open"
_LOADED = "/parley/log/swanctl.log"
# How long charon may try, well within the lab's own limit for a command (seconds).
_PATIENCE = 30


class StrongswanDriver(Driver):
    """strongSwan with charon-systemd and swanctl(8), as Debian packages it."""

    name = "strongswan"

    def lack(self) -> Lack | None:
        """Algorithms that this version does not know."""
        return find_lack(self.connection, self.role, self.version)

    def files(self) -> Mapping[str, GuestFile]:
        """Both configurations, and what puts charon under attack where it is to demand cookies."""
        swanctl = swanctl_conf(self.connection, self.role, self.addresses)
        found = {
            "/etc/swanctl/swanctl.conf": GuestFile(swanctl),
            "/etc/strongswan.d/parley.conf": GuestFile(strongswan_conf(self.connection, self.role)),
        }
        if demands_cookies(self.connection, self.role):
            text = (files("parley.daemon.strongswan") / "half-open").read_text()
            found[_HALF_OPEN] = GuestFile(text, 0o755)
        return found

    def start(self) -> str:
        """Start charon; ready once all credentials, pools and connections are loaded."""
        return "\n".join(
            [
                # A killed charon leaves its socket behind, and nobody listens there.
                f"rm -f {_SOCKET}",
                *install_credentials(self.connection, self.role),
                supervise("charon-systemd", self._command()),
                wait_until(f"[ -S {_SOCKET} ]", seconds=20),
                f"swanctl --load-all --noprompt >{_LOADED} 2>&1 || {{ cat {_LOADED} >&2; exit 1; }}",
                *([f"{_HALF_OPEN} {LOOPBACK}"] if demands_cookies(self.connection, self.role) else []),
            ]
        )

    def _command(self) -> str:
        if not demands_cookies(self.connection, self.role):
            return "charon-systemd"
        # In the first ten seconds of a machine's life charon takes every cookie for an old one (receiver.c,
        # cookie_verify): it is told that the machine has been up for eleven days.
        return "unshare --time --monotonic 1000000 --fork charon-systemd"

    def up(self) -> str:
        """Initiate every Child SA, one after the other."""
        ike = (
            [f"swanctl --initiate --ike {CONNECTION} --timeout {_PATIENCE}"]
            if self.connection.childless
            else []
        )
        children = [
            f"swanctl --initiate --child {child.name} --timeout {_PATIENCE}"
            for child in self.connection.children
        ]
        return " &&\n".join(ike + children)

    def down(self) -> str:
        """Terminate all IKE SAs of the connection."""
        return f"swanctl --terminate --ike {CONNECTION} --timeout {_PATIENCE}"

    def delete_child(self, child: Child) -> str | None:
        """Terminate a Child SA."""
        return f"swanctl --terminate --child {child.name} --timeout {_PATIENCE}"

    def rekey_child(self, child: Child) -> str | None:
        """Rekey a Child SA, until another one is installed in its place."""
        return _replaced_child(child, f"--rekey --child {child.name}")

    def rekey_ike(self) -> str | None:
        """Rekey the IKE SA, until another one is established in its place."""
        return _replaced(
            f"--ike {CONNECTION}",
            "initiator-spi",
            state="ESTABLISHED",
            # Its deletion is another exchange, which peers exist that do not answer.
            unfinished="REKEYING",
            command=f"--rekey --ike {CONNECTION}",
        )

    def reauthenticate(self) -> str | None:
        """Make a new IKE SA with new Child SAs before the old one is deleted (make before break)."""
        return _replaced_child(self.connection.children[0], f"--rekey --ike {CONNECTION} --reauth")

    def kill(self) -> str:
        """SIGKILL, and an empty kernel; routes to remote networks lie in charon's own table 220."""
        return "\n".join(
            [
                "pkill -KILL -x charon-systemd",
                wait_until("! pgrep -x charon-systemd >/dev/null", seconds=5),
                forget_ipsec(keep="action block"),
                "ip route flush table 220 2>/dev/null",
                "ip -6 route flush table 220 2>/dev/null",
                "true",
            ]
        )

    def retransmissions(self) -> tuple[float, ...]:
        """strongswan.conf(5), IKEv2 RETRANSMISSION: 4 s, each 1.8 times as long, five times."""
        return (4.0, 11.2, 24.16, 47.49, 89.48)

    def status(self) -> str:
        """All SAs, one value a line: in the raw form a value with spaces has no end."""
        return "swanctl --list-sas --pretty"

    def parse_status(self, text: str) -> DaemonView:
        """What `status` printed."""
        return parse_sas(text, CONNECTION)

    def keys(self) -> str:
        """Gather the keys from charon's log."""
        return gather_keys()


def _replaced_child(child: Child, command: str) -> str:
    """The peer sends on the old SAs until they are deleted, which is later than the new ones are there."""
    return _replaced(
        f"--child {child.name}",
        "spi-out",
        state="INSTALLED",
        unfinished="(REKEY|DELETING)",
        command=command,
    )


def _replaced(which: str, spi: str, *, state: str, unfinished: str, command: str) -> str:
    """Have SAs replaced by `swanctl COMMAND`, which returns at once, and wait until they are.

    That is when there are SAs in `state`, none of them old, and none whose state matches `unfinished`.
    """
    listed = (
        f"swanctl --list-sas --pretty {which} | "
        f'awk \'$1 == "state" {{ state = $3; if (state ~ /^{unfinished}/) print "unfinished" }} '
        f'$1 == "{spi}" && state == "{state}" {{ print $3 }}\''
    )
    # Nothing is old where the peer is just replacing it itself.
    others = '{ [ -z "$old" ] || ! echo "$now" | grep -qF "$old"; }'
    new = f'[ -n "$now" ] && {others} && ! echo "$now" | grep -q unfinished'
    return "\n".join(
        [
            f"list() {{ {listed}; }}",
            "old=$(list)",
            f"new() {{ now=$(list); {new}; }}",
            f"swanctl {command} || exit 1",
            wait_until("new", seconds=_PATIENCE),
        ]
    )

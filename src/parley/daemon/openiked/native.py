"""Drives OpenBSD's own iked through a scenario.

Its kernel is no Linux and needs no tricks, but gives none either: iked initiates when it is told to be
active, and rekeys when a lifetime is over (iked.conf(5), ikelifetime and lifetime).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.daemon.driver import GuestFile
from parley.daemon.openiked.config import iked_conf, rekeys_child
from parley.daemon.openiked.credentials import install_credentials
from parley.daemon.openiked.driver import LOADED_SPI, LOG, REMEMBER, OpenikedDriver, new_lines, replaced
from parley.daemon.openiked.lacks import find_native_lack
from parley.daemon.shell import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.daemon.driver import Lack
    from parley.scenario.model import Child

_CONFIGURATION = "/etc/iked.conf"
# What ipsecctl(8) calls a flow with which iked protects, and not its bypass of its own ports.
_FLOW = "^flow (esp|ah)"


class NativeIkedDriver(OpenikedDriver):
    """iked(8) of OpenBSD's base system with ikectl(8) and ipsecctl(8)."""

    def lack(self) -> Lack | None:
        """Less than on Linux: its kernel has combined modes, extended sequence numbers and IPcomp."""
        return find_native_lack(self.scenario, self.role)

    def files(self) -> Mapping[str, GuestFile]:
        """iked.conf, whose interface is called as in the topology until `start` knows the card's name."""
        text = iked_conf(self.scenario, self.role, self.addresses, acquires=False)
        return {_CONFIGURATION: GuestFile(text)}

    def start(self) -> str:
        """Start iked; ready when its processes have the configuration."""
        interface = self.addresses.interface
        run = f"(iked -dvvv; echo iked $? >>/parley/state/exits) 2>&1 | cat >>{LOG}"
        ready = f"{new_lines('compilation done')} && ikectl show sa >/dev/null 2>&1"
        return "\n".join(
            [
                *install_credentials(self.connection, self.role),
                f"card=$(sed -n 's/^{interface} //p' /parley/cards)",
                # Written over and not replaced: iked wants the mode that the file has.
                f'text=$(sed "s/iface {interface}\\$/iface $card/" {_CONFIGURATION})',
                f'echo "$text" >{_CONFIGURATION}',
                'complaint=$(iked -n 2>&1) || { echo "$complaint" >&2; exit 1; }',
                f"touch {LOG}",
                REMEMBER,
                f"({run}) </dev/null >/dev/null 2>&1 &",
                f"ready() {{ {ready}; }}",
                wait_until("ready", seconds=20),
            ]
        )

    def _initiate(self) -> list[str]:
        """Its own timer does it, two seconds after iked is told to be active, and does it again."""
        return ["ikectl active >/dev/null", "again() { :; }"]

    def down(self) -> str:
        """Delete the IKE SA, and begin no other."""
        return f"ikectl passive >/dev/null\n{super().down()}"

    def delete_child(self, child: Child) -> str | None:  # noqa: ARG002 -- there is no command
        """There is no command, and no lifetime that ends without a rekey."""
        return None

    def rekey_child(self, child: Child) -> str | None:  # noqa: ARG002 -- a policy has one
        """There is no command: the Child SA's life is short in such a scenario; this waits for its end."""
        if not rekeys_child(self.scenario, self.role):
            return None
        return "\n".join([f"old=$({LOADED_SPI})", '[ -n "$old" ] || exit 1', *replaced(LOADED_SPI)])

    def kill(self) -> str:
        """SIGKILL for all its processes, and an empty kernel."""
        return "\n".join(
            [
                "pkill -KILL -x iked",
                wait_until("! pgrep -x iked >/dev/null", seconds=5),
                "ipsecctl -F",
                f"! ipsecctl -s flow | grep -qE '{_FLOW}'",
            ]
        )

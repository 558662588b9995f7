"""Drives iked through a scenario."""

from __future__ import annotations

from importlib.resources import files
from textwrap import indent
from typing import TYPE_CHECKING

from parley.daemon.driver import Driver, GuestFile
from parley.daemon.openiked.config import acquirable_flow, iked_conf, is_ah, rekeys_ike
from parley.daemon.openiked.credentials import install_credentials
from parley.daemon.openiked.keys import gather_keys
from parley.daemon.openiked.lacks import find_lack
from parley.daemon.openiked.sas import LOG_LINES, LOG_MARK, parse_sas
from parley.daemon.shell import forget_ipsec, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from parley.daemon.driver import Lack
    from parley.scenario.model import Child
    from parley.scenario.state import DaemonView

LOG = "/parley/log/iked.log"
SOCKET = "/run/iked.sock"
_EVENT = "/usr/local/sbin/xfrm-event"
# How long iked may try, well within the lab's own limit for a command (seconds).
PATIENCE = 30
_ESP, _AH = 50, 51

# What ends an attempt: iked gives the IKE SA up, or lives on without a Child SA.
_REFUSED = (
    "sa_free: |ikev2_pld_notify: .* type (NO_PROPOSAL_CHOSEN|TS_UNACCEPTABLE|INTERNAL_ADDRESS_FAILURE|"
    "FAILED_CP_REQUIRED|SINGLE_PAIR_REQUIRED|NO_ADDITIONAL_SAS)"
)

LOADED_SPI = "ikectl show sa | awk '/sa_childsas: .* out .*\\(L\\)/ { print $4, $8 }'"
INITIATOR_SPI = "ikectl show sa | awk '/^iked_sas: .* ESTABLISHED / { print $6 }'"


class OpenikedDriver(Driver):
    """OpenIKED's portable iked(8) with ikectl(8) on Linux.

    It has no commands to initiate, rekey or delete a Child SA; it does so when the kernel says that traffic
    wants protection, or that a lifetime is over. xfrm-event has the kernel say so.
    """

    name = "openiked"

    def lack(self) -> Lack | None:
        """Much, and on Linux more."""
        return find_lack(self.scenario, self.role)

    def files(self) -> Mapping[str, GuestFile]:
        """iked.conf, and the program that has the kernel speak."""
        event = (files("parley.daemon.openiked") / "xfrm-event").read_text()
        return {
            "/etc/iked.conf": GuestFile(iked_conf(self.scenario, self.role, self.addresses)),
            _EVENT: GuestFile(event, 0o755),
        }

    def start(self) -> str:
        """Start iked; ready when its processes have the configuration."""
        # Its hex dumps are written byte by byte: buffered by lines and through a pipe, they cost no time.
        run = f"(stdbuf -eL iked -dvvv; echo iked $? >>/parley/state/exits) 2>&1 | cat >>{LOG}"
        ready = f"{new_lines('compilation done')} && ikectl show sa >/dev/null 2>&1"
        return "\n".join(
            [
                *install_credentials(self.connection, self.role),
                'complaint=$(iked -n 2>&1) || { echo "$complaint" >&2; exit 1; }',
                f"rm -f {SOCKET}; touch {LOG}",
                REMEMBER,
                f"({run}) </dev/null >/dev/null 2>&1 &",
                f"ready() {{ {ready}; }}",
                wait_until("ready", seconds=20),
            ]
        )

    def up(self) -> str:
        """Have iked initiate, until its flows are loaded or it gave up."""
        return "\n".join(
            [
                REMEMBER,
                f"refused() {{ {new_lines(_REFUSED, but='new DH group')}; }}",
                f"complain() {{ tail -n +$seen {LOG} | grep -aE '{_REFUSED}' >&2; exit 1; }}",
                *self._initiate(),
                wait_until(
                    "ikectl show sa | grep -q 'sa_flows: .*(L)'",
                    seconds=PATIENCE,
                    meanwhile="if refused; then complain; fi; again",
                ),
            ]
        )

    def _initiate(self) -> list[str]:
        """Commands that begin, and `again`, which begins anew after INVALID_KE_PAYLOAD."""
        flow = acquirable_flow(self.connection, self.role)
        if flow is None:
            # iked's own timer: two seconds after it is told to be active, and again two seconds later.
            return ["ikectl active >/dev/null", "again() { :; }"]
        # On lo it is no policy for traffic, and no obstacle to the one that iked installs for the same flow.
        policy = f"src {flow[0]} dst {flow[1]} dev lo dir out"
        remove = f"ip xfrm policy delete {policy}"
        ends = f"{flow[0]} {flow[1]} {self.addresses.local} {self.addresses.remote}"
        return [
            "begin() {",
            f"    ip xfrm policy add {policy} action allow",
            f"    index=$(ip -s xfrm policy get {policy} | sed -n 's/.* index \\([0-9]*\\) .*/\\1/p')",
            f"    {_EVENT} acquire {ends} {self._protocol} $index",
            indent(wait_until(new_lines("pfkey_process: flow"), seconds=5, otherwise=remove), "    "),
            f"    {remove}",
            "}",
            "again() {",
            f"    {new_lines('sa_free: reinitiating with new DH group')} || return",
            f"    {REMEMBER}",
            "    begin",
            "}",
            "begin",
        ]

    @property
    def _protocol(self) -> int:
        return _AH if is_ah(self.connection) else _ESP

    def down(self) -> str:
        """Delete the IKE SA; `reset sa` would forget it without waiting for the peer's answer."""
        ids = "ikectl show sa | sed -n 's/^iked_sas: .*<\\(.*\\)>\\[.*/\\1/p'"
        return "\n".join(
            [
                f"ids=$({ids})",
                '[ -n "$ids" ] || exit 1',
                'for id in $ids; do ikectl reset id "$id" >/dev/null; done',
                wait_until("! ikectl show sa | grep -q ^iked_sas", seconds=10),
            ]
        )

    def delete_child(self, child: Child) -> str | None:  # noqa: ARG002 -- a policy has one
        """The hard lifetime of the outbound SA is over."""
        return "\n".join(
            [*self._expire("hard"), wait_until("! ikectl show sa | grep -q sa_childsas", seconds=10)]
        )

    def rekey_child(self, child: Child) -> str | None:  # noqa: ARG002 -- a policy has one
        """The soft lifetime of the outbound SA is over; done when another one is loaded in its place."""
        return "\n".join([*self._expire("soft"), *replaced(LOADED_SPI)])

    def _expire(self, kind: str) -> list[str]:
        address = "sed 's/^\\[*//; s/\\]*:[0-9]*$//'"
        return [
            f"old=$({LOADED_SPI})",
            '[ -n "$old" ] || exit 1',
            f"to=$(echo ${{old#* }} | {address})",
            f"{_EVENT} expire {kind} $to ${{old% *}} {self._protocol} || exit 1",
        ]

    def rekey_ike(self) -> str | None:
        """There is no command: the IKE SA's life is short in such a scenario, and this waits for its end."""
        if not rekeys_ike(self.scenario, self.role):
            return None
        return "\n".join([f"old=$({INITIATOR_SPI})", *replaced(INITIATOR_SPI)])

    def kill(self) -> str:
        """SIGKILL for all its processes, and an empty kernel."""
        return "\n".join(
            [
                "pkill -KILL -x iked",
                wait_until("! pgrep -x iked >/dev/null", seconds=5),
                forget_ipsec(keep="action block"),
                "true",
            ]
        )

    def retransmissions(self) -> tuple[float, ...]:
        """iked.h, IKED_RETRANSMIT_TIMEOUT and _TRIES: 2 s, doubled, five times (in no manual page)."""
        return (2.0, 6.0, 14.0, 30.0, 62.0)

    def status(self) -> str:
        """All SAs, and the lines of the log that tell their algorithms."""
        return f"ikectl show sa || exit 1; echo '{LOG_MARK}'; grep -aE '{LOG_LINES}' {LOG} || true"

    def parse_status(self, text: str) -> DaemonView:
        """What `status` printed."""
        return parse_sas(text, self.connection.children[0].name)

    def keys(self) -> str:
        """Gather the keys from iked's log."""
        return gather_keys(LOG)


# Where the log ends now, so that what happened before is not taken for what happens next.
REMEMBER = f"seen=$(($(wc -l <{LOG}) + 1))"


def new_lines(pattern: str, *, but: str = "") -> str:
    """A condition: the log has a line with `pattern` since $seen was remembered."""
    new = f"tail -n +$seen {LOG}"
    return f"{new} | grep -av '{but}' | grep -aqE '{pattern}'" if but else f"{new} | grep -aqE '{pattern}'"


def replaced(spi: str) -> list[str]:
    """Wait until the SPI that a command prints is another one than $old."""
    return [
        f'replaced() {{ now=$({spi}); [ -n "$now" ] && [ "$now" != "$old" ]; }}',
        wait_until("replaced", seconds=PATIENCE),
    ]

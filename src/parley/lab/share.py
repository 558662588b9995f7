"""A lab's share over NFS: one more host, on a network of its own, that serves the case's directory.

Nothing of the user's machine takes part: the server is a kernel of the lab's, its network is a switch that
only the lab's hosts are on, captured apart from the case's wires. A server or a network that is lost gives
a LabError at the end of the case; steps, outputs and logs went other ways and are all there.
"""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING

from parley.errors import CommandTimeoutError, LabError, UnsupportedError
from parley.platform import nfs
from parley.platform.bsd import Bsd
from parley.wire.hub import Hub
from parley.wire.impair import Impairment
from parley.wire.pcapng import PcapngWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from parley.image.kernel import Kernel
    from parley.lab.host import Host, Limits
    from parley.lab.jail import Jail
    from parley.lab.lab import HostPlan
    from parley.record.layout import CaseLayout

# How long a host may take to read a file of the share before it counts as lost (seconds).
_PATIENCE = 20.0
_PROOF = ".parley-share"
_NFSD = re.compile(r"^CONFIG_NFSD=[ym]$", re.MULTILINE)


class NfsShare:
    """The server, its network, and what its clients do with it. A lab drives it from start to end."""

    def __init__(self, server: HostPlan) -> None:
        self.plan = server
        self._stack = ExitStack()
        self._server: Host | None = None
        self._hub: Hub | None = None

    @property
    def hub(self) -> Hub:
        """The switch that carries it. Raises LabError before it is there."""
        if self._hub is None:
            raise LabError("the share's network is not there yet")
        return self._hub

    @property
    def server(self) -> Host:
        """The host that serves. Raises LabError before it is there."""
        if self._server is None:
            raise LabError("the share's server is not there yet")
        return self._server

    def start(self, layout: CaseLayout, boot: Callable[[HostPlan], Host], limits: Limits) -> None:
        """Boot the server and have it serve, before any client boots."""
        check_kernel(self.plan.kernel)
        capture = self._stack.enter_context(PcapngWriter.create(layout.share_capture))
        self._hub = self._stack.enter_context(Hub(capture))
        self._server = boot(self.plan)
        self._stack.callback(self._server.close)
        self._server.wait_until_ready(limits.boot)
        self._server.run(nfs.serve(), limit=limits.command).check()

    def mount(self, jail: Jail, plan: HostPlan) -> None:
        """Have a host mount the share when it boots; its boot script is written already."""
        name = plan.spec.name
        if isinstance(plan.platform, Bsd):
            jail.write(f"{name}/mount.sh", plan.platform.mount_share().encode())
            return
        script = jail.read_text(f"{name}/prepare.sh")
        jail.write(f"{name}/prepare.sh", (script + nfs.mount_on_linux()).encode())

    def cut(self) -> None:
        """Let nothing pass any more."""
        self.hub.impair(Impairment(segment=nfs.SEGMENT, loss=1.0))

    def mend(self) -> None:
        """Let everything pass again."""
        self.hub.impair(Impairment(segment=nfs.SEGMENT))

    def finish(self, hosts: Mapping[str, Host]) -> None:
        """Keep what is in the share, then raise LabError unless all hosts still have it."""
        proof = secrets.token_hex(8)
        place = "/srv/share/testing"
        keep = f"cp -R --preserve=mode {place}/. /testing/ && echo {proof} >{place}/{_PROOF}"
        self.server.run(keep, limit=_PATIENCE).check()
        lost = list(self._without(hosts.values(), proof))
        if lost:
            raise LabError(f"the share over NFS was lost: {', '.join(lost)} cannot read it; {_REST}")

    def close(self) -> None:
        """End the server and its network."""
        self._stack.close()

    def _without(self, hosts: Iterable[Host], proof: str) -> Iterable[str]:
        """Hosts that do not read a file that was just written."""
        tickets = [(host, host.start(f"cat /testing/{_PROOF}")) for host in hosts]
        for host, ticket in tickets:
            try:
                outcome = host.finish(ticket, _PATIENCE)
            except CommandTimeoutError:
                yield host.name
                continue
            if outcome.output.strip() != proof:
                yield host.name


_REST = "logs and outputs went other ways and are complete"


def check_kernel(kernel: Kernel) -> None:
    """Raise UnsupportedError for a kernel whose configuration says that it cannot serve."""
    configuration = kernel.binary.parent / "config"
    if configuration.exists() and not _NFSD.search(configuration.read_text(encoding="utf-8")):
        raise UnsupportedError(f"{kernel.name} serves no NFS", hint="--kernel sid")

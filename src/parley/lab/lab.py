"""Hosts on segments, booted for one case and gone with it."""

from __future__ import annotations

import socket
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from parley.backend.base import BootRequest, Nic
from parley.errors import BootError
from parley.image.store import Store
from parley.lab.console_host import SLOWER, ConsoleHost, Media, Seat
from parley.lab.host import DEFAULT_LIMITS, Host, Limits
from parley.lab.jail import Jail
from parley.lab.quota import Quota
from parley.lab.saved import saved_host
from parley.platform.bsd import Bsd
from parley.platform.debian import modules_for
from parley.platform.nfs import SEGMENT, with_share
from parley.wire.hub import Hub
from parley.wire.pcapng import PcapngWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from parley.backend.base import Backend
    from parley.case.model import HostSpec
    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.lab.share import NfsShare
    from parley.lab.topology import Interface, Topology
    from parley.platform.debian import Debian
    from parley.record.layout import CaseLayout
    from parley.wire.impair import Impairment

_LINES = 3


@dataclass(frozen=True, slots=True)
class HostPlan:
    """A host and all that is needed to boot it; `modules` are what its daemon wants in the kernel.

    A host of the BSDs boots from `media`, or, where it `restores`, goes on from where it was saved once; it
    unpacks the archive `overlay` at /.
    """

    spec: HostSpec
    platform: Debian | Bsd
    backend: Backend
    image: Image
    kernel: Kernel
    modules: tuple[str, ...] = ()
    media: Media | None = None
    restores: bool = False
    overlay: Path | None = None


class Lab:
    """Boots all its hosts at once on entry; on exit, nothing of them is left but files.

    `directory` is where sessions start, as guests see it; `first` is the host that is up before the
    others are booted; `seed` decides what is left to chance, where chance can be had again.
    """

    _hub: Hub

    def __init__(
        self,
        layout: CaseLayout,
        plans: tuple[HostPlan, ...],
        topology: Topology,
        *,
        directory: str = "/root",
        limits: Limits = DEFAULT_LIMITS,
        impairments: Sequence[Impairment] = (),
        first: str = "",
        share: NfsShare | None = None,
        seed: str = "",
    ) -> None:
        self.layout = layout
        self.limits = limits
        self.jail = Jail(layout.share)
        self.hosts: dict[str, Host] = {}
        self._plans = tuple(sorted(plans, key=lambda plan: plan.spec.name != first))
        self._first = first
        self._platforms = {plan.spec.name: plan.platform for plan in plans}
        self.share = share
        self._topology = with_share(topology, self._platforms) if share else topology
        self._directory = directory
        self._impairments = impairments
        self._seed = seed
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with self._stack:
            self._start()
            self._stack.enter_context(Quota(self.layout.share, self._kill))
            for host in self.hosts.values():
                if host.name != self._first:
                    host.wait_until_ready(self.limits.boot)
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def collector(self, host: str, processes: str) -> str:
        """The command that writes a host's state before and after it stops `processes` (A|B|C)."""
        return self._platforms[host].collect(processes)

    def impair(self, impairment: Impairment) -> None:
        """Replace what impairs that target from now on."""
        self._hub.impair(impairment)

    def at_once(self) -> AbstractContextManager[None]:
        """Orders that are given meanwhile reach the hosts at one moment of theirs, where that can be had."""
        return nullcontext()

    def plug(self, interface: Interface) -> socket.socket:
        """A cable for a network card; who gets it closes it. The share has a switch of its own."""
        hub = self.share.hub if self.share and interface.segment == SEGMENT else self._hub
        return hub.port(interface.segment, interface.host, interface.name)

    def _kill(self) -> None:
        for host in self.hosts.values():
            host.machine.kill()

    def _start(self) -> None:
        """Boot all hosts, without waiting for them; what undoes it goes onto the stack."""
        capture = self._stack.enter_context(PcapngWriter.create(self.layout.capture))
        self._hub = self._stack.enter_context(Hub(capture, impairments=self._impairments))
        if self.share:
            self._stack.callback(self.share.close)
            self.share.start(self.layout, self._boot, self.limits)
        for plan in self._plans:
            host = self._boot(plan)
            self._stack.callback(host.close)
            self.hosts[host.name] = host
            if host.name == self._first:
                host.wait_until_ready(self.limits.boot)

    def _boot(self, plan: HostPlan) -> Host:
        name = plan.spec.name
        if isinstance(plan.platform, Bsd):
            return self._boot_console(plan, plan.platform)
        modules = modules_for(plan.kernel, plan.modules)
        script = plan.platform.prepare(self.jail, plan.spec, self._topology, self._directory, modules=modules)
        if self.share and plan is not self.share.plan:
            self.share.mount(self.jail, plan)
        ours, theirs = zip(*(socket.socketpair() for _ in range(_LINES)), strict=True)
        nics = tuple(
            Nic(interface.name, interface.mac, self.plug(interface))
            for interface in self._topology.host(name).interfaces
        )
        request = BootRequest(
            host=name,
            kernel=plan.kernel,
            image=plan.image,
            share=self.layout.share,
            owner=self.jail.owner,
            boot_script=script,
            lines=theirs,
            nics=nics,
            kernel_log=self.layout.kernel_log(name),
        )
        try:
            machine = plan.backend.boot(request)
        except BaseException:
            for our_end in ours:
                our_end.close()
            raise
        finally:
            # Only the guest may hold its ends: its death then closes the line, and we notice at once.
            for guest_end in (*theirs, *(nic.wire for nic in nics)):
                guest_end.close()
        return Host(plan.spec, machine, ours, self.jail, request.kernel_log)

    def _boot_console(self, plan: HostPlan, platform: Bsd) -> Host:
        platform.prepare(self.jail, plan.spec, self._topology)
        if plan.overlay is not None:
            self.jail.write(f"{plan.spec.name}/overlay.tar", plan.overlay.read_bytes())
        if self.share:
            self.share.mount(self.jail, plan)
        if plan.media is None:
            raise BootError("nothing to boot from", host=plan.spec.name)
        seat = Seat(
            spec=plan.spec,
            platform=platform,
            backend=plan.backend,
            media=plan.media,
            layout=self.layout,
            jail=self.jail,
            plug=self.plug,
            network=self._topology.host(plan.spec.name),
            directory=self._directory.lstrip("/"),
            carries_case=self.share is None,
        )
        if plan.restores:
            limit = self.limits.boot * SLOWER
            seat = replace(seat, saved=saved_host(Store.default(), seat, plan.image.digest, limit))
        return ConsoleHost(seat)

"""A lab whose hosts share one kernel and its clock, so that hours of their life pass in seconds.

Whenever nothing inside has anything to do, the kernel's clock leaps to the next timer; while no command
is under way it stands still, so that what happens out here takes no time in there
(docs/explanation/virtual-time.md).
"""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from parley.backend.base import BootRequest
from parley.backend.uml import further_drive
from parley.case.model import HostSpec
from parley.errors import UnsupportedError
from parley.lab.host import Host
from parley.lab.lab import HostPlan, Lab
from parley.platform.debian import Debian, modules_for
from parley.platform.shared import LAB, LINES, prepare_kernel, seat
from parley.wire.inside import impair_commands
from parley.wire.pcap import convert
from parley.wire.pcapng import PcapngWriter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from parley.image.kernel import Kernel
    from parley.image.rootfs import Image
    from parley.lab.topology import Interface
    from parley.wire.impair import Impairment

FEATURE = "time-travel"

# More than this of a capture is not taken over (bytes).
_CAPTURE_LIMIT = 512 * 1024**2

_MEMORY, _MEMORY_PER_HOST = 256, 128


def why_not(plans: Iterable[HostPlan]) -> str:
    """Why these hosts cannot share a kernel with a virtual clock; empty if they can."""
    for plan in plans:
        if plan.backend.name != "uml":
            return f"{plan.spec.name} is booted by {plan.backend.name}, whose clock is real"
        if FEATURE not in plan.kernel.features:
            return "virtual time needs the lab kernel: parley kernel build"
    return ""


class SharedLab(Lab):
    """A lab in virtual time."""

    def _start(self) -> None:
        reason = why_not(self._plans)
        if reason:
            raise UnsupportedError(reason)
        self._stack.callback(self._keep_capture)
        images = list({plan.image.path: plan.image for plan in self._plans}.values())
        devices = {image.path: "ubda" if not n else further_drive(n - 1) for n, image in enumerate(images)}
        roots = {plan.spec.name: devices[plan.image.path] for plan in self._plans}
        for number, plan in enumerate(self._plans, start=1):
            place = seat(number, roots[plan.spec.name])
            if isinstance(plan.platform, Debian):
                plan.platform.prepare(self.jail, plan.spec, self._topology, self._directory, place)
        wanted = [module for plan in self._plans for module in plan.modules]
        modules = modules_for(self._plans[0].kernel, wanted)
        script = prepare_kernel(self.jail, roots, self._topology, devices.values(), modules)
        ours = self._boot_all(script, self._plans[0].kernel, images)
        for number, plan in enumerate(self._plans, start=1):
            self.hosts[plan.spec.name] = self._host(plan.spec, ours, number)
        self._agent = self._host(HostSpec(LAB), ours, 0)
        self._agent.wait_until_ready(self.limits.boot)
        for impairment in self._impairments:
            self.impair(impairment)

    def impair(self, impairment: Impairment) -> None:
        """Replace what impairs that target from now on."""
        self._agent.run(impair_commands(impairment, self._interfaces())).check()

    def at_once(self) -> AbstractContextManager[None]:
        """Orders that are given meanwhile reach the hosts at one moment of theirs."""
        return self._machine.hold()

    def _boot_all(self, script: str, kernel: Kernel, images: list[Image]) -> tuple[socket.socket, ...]:
        count = LINES * (len(self._plans) + 1)
        ours, theirs = zip(*(socket.socketpair() for _ in range(count)), strict=True)
        request = BootRequest(
            host=LAB,
            kernel=kernel,
            image=images[0],
            further_images=tuple(images[1:]),
            virtual_start=_today(),
            seed=self._seed,
            share=self.layout.share,
            owner=self.jail.owner,
            boot_script=script,
            lines=theirs,
            nics=(),
            kernel_log=self.layout.kernel_log(LAB),
            memory=_MEMORY + _MEMORY_PER_HOST * len(self._plans),
        )
        try:
            self._machine = self._plans[0].backend.boot(request)
        finally:
            for end in theirs:
                end.close()
        return ours

    def _host(self, spec: HostSpec, lines: tuple[socket.socket, ...], number: int) -> Host:
        mine = lines[number * LINES : (number + 1) * LINES]
        host = Host(spec, self._machine, mine, self.jail, self.layout.kernel_log(LAB))
        self._stack.callback(host.close)
        return host

    def _interfaces(self) -> list[Interface]:
        return [each for plan in self._plans for each in self._topology.host(plan.spec.name).interfaces]

    def _keep_capture(self) -> None:
        """What was captured inside becomes the case's capture, once the kernel has ended."""
        data = self.jail.read(f"{LAB}/wire.pcap", limit=_CAPTURE_LIMIT)
        with PcapngWriter.create(self.layout.capture) as capture:
            convert(data, capture, self._interfaces())


def _today() -> int:
    """When virtual clocks start: the same for all cases of a day, so that two runs can be compared."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(midnight.timestamp()) * 10**9

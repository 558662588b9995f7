"""A machine behind a serial console, without the machine: a real shell at a real pseudo-terminal.

What a BSD guest does with its console happens here too: a getty asks who is there, the terminal echoes, a
shell prompts, and the kernel talks in between whenever it likes, in the middle of anything. Drives are files.
"""

from __future__ import annotations

import os
import pty
import random
import select
import shutil
import signal
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from parley.backend.base import Backend, BootRequest, Machine
from parley.case.model import HostSpec
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.install.console import log_in
from parley.lab.console_host import Media
from parley.lab.lab import HostPlan
from parley.platform.bsd import Bsd

if TYPE_CHECKING:
    from parley.install.console import Console, Limit, Shell
    from parley.lab.topology import Topology

PANIC = b"panic: kernel diagnostic assertion failed\r\nStopped at  db_enter+0x14: popq %rbp\r\nddb{0}> "
TRACE = b"panic() at panic+0x15b\r\nend trace frame: 0x0\r\nddb{0}> "
SHELLS = tuple(shell for shell in ("/bin/sh", "/bin/mksh") if shutil.which(shell))


@dataclass(slots=True)
class Manners:
    """How a fake console behaves.

    `noise` is the chance that the kernel says something after any one character; `dies` are words: once
    the shell prints them the kernel panics; `loses` is the chance that a typed line loses a character
    (the agent's orders only); a machine that `is_stuck` never comes to its login prompt.
    """

    shell: str = "/bin/sh"
    password: str = "parley"  # noqa: S105 -- no secret
    noise: float = 0.0
    seed: int = 0
    dies: bytes = b""
    loses: float = 0.0
    is_stuck: bool = False
    before_login: bytes = b"\r\nOpenBSD/amd64 (obsd) (tty00)\r\n\r\n"
    said: list[bytes] = field(default_factory=list)


class FakeConsole(Machine):
    """One machine; a thread passes on what its terminal says."""

    def __init__(self, wire: socket.socket, manners: Manners, *, goes_on: bool = False) -> None:
        self._wire, self._manners, self._goes_on = wire, manners, goes_on
        self._random = random.Random(manners.seed)  # noqa: S311 -- no secret
        self._pid = 0
        self._is_over = False
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def exited(self) -> int | None:
        return 0 if self._is_over else None

    def save(self, state: Path) -> None:
        state.write_bytes(b"a machine at its shell")
        self.kill()

    def kill(self) -> None:
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _live(self) -> None:
        with suppress(OSError):  # the lab has hung up
            if not self._goes_on:
                self._getty()
            self._shell()
        self._is_over = True
        self._wire.close()

    def _getty(self) -> None:
        self._wire.sendall(self._manners.before_login)
        self._stick()
        while True:
            self._wire.sendall(b"obsd login: ")
            self._wire.sendall(self._line() + b"\r\nPassword:")
            if self._line() == self._manners.password.encode():
                return
            self._wire.sendall(b"\r\nLogin incorrect\r\n")

    def _stick(self) -> None:
        while self._manners.is_stuck:
            if not self._wire.recv(4096):
                raise ConnectionResetError

    def _line(self) -> bytes:
        line = b""
        while not line.endswith((b"\r", b"\n")):
            data = self._wire.recv(1)
            if not data:
                raise ConnectionResetError
            line += data
        return line.rstrip(b"\r\n")

    def _shell(self) -> None:
        self._stick()
        self._pid, master = pty.fork()
        if self._pid == 0:
            environment = {"PS1": "# ", "PATH": os.environ["PATH"]}
            words = ["sh", "-i"]
            if self._goes_on:  # as it was saved: quiet
                words = ["sh", "-c", "stty -echo; PS1= exec sh -i"]
            os.execve(self._manners.shell, words, environment)  # noqa: S606 -- no shell starts this shell
        try:
            self._relay(master)
        finally:
            with suppress(ProcessLookupError, ChildProcessError):
                _end_session(self._pid)
            os.close(master)

    def _relay(self, master: int) -> None:
        tail = b""
        while True:
            for source in select.select([master, self._wire.fileno()], [], [])[0]:
                if source != master:
                    typed = self._wire.recv(4096)
                    if not typed:
                        return
                    os.write(master, self._damaged(typed))
                    continue
                printed = os.read(master, 4096)
                tail = (tail + printed)[-4096:]
                self._wire.sendall(self._noisy(printed))
                if self._manners.dies and self._manners.dies in tail:
                    self._debugger()
                    return

    def _damaged(self, typed: bytes) -> bytes:
        if self._random.random() >= self._manners.loses or not typed.startswith((b"run", b"step", b"put")):
            return typed
        place = self._random.randrange(len(typed) - 1)
        return typed[:place] + typed[place + 1 :]

    def _noisy(self, printed: bytes) -> bytes:
        said = b""
        for byte in printed:
            said += bytes([byte])
            if self._random.random() < self._manners.noise:
                message = b"uvm_fault(0x%x, %d)\r\n" % (self._random.getrandbits(32), len(self._manners.said))
                self._manners.said.append(message)
                said += message
        return said

    def _debugger(self) -> None:
        """The kernel stops here; the shell and all else with it."""
        self._wire.sendall(PANIC)
        while self._wire.recv(4096):
            self._wire.sendall(TRACE)


def _end_session(leader: int) -> None:
    """End a shell and all that it started, also in process groups of their own."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            words = status.read_text().rpartition(")")[2].split()
            if int(words[3]) == leader:
                os.kill(int(status.parent.name), signal.SIGKILL)
    os.waitpid(leader, 0)


class FakeConsoleBackend(Backend):
    """Boots fake consoles; the drives appear in `devices`, as they would in a guest's /dev."""

    name = "fake"

    def __init__(self, devices: Path, *manners: Manners) -> None:
        self._devices = devices
        self._manners = list(manners) or [Manners()]
        self.requests: list[BootRequest] = []

    def boot(self, request: BootRequest) -> Machine:
        """Start the next one; the last of the manners goes for all that follow."""
        self.requests.append(request)
        for name, disk in zip(("in", "out"), request.disks[-2:], strict=True):
            device = self._devices / name
            device.unlink(missing_ok=True)
            device.symlink_to(disk.path)
        manners = self._manners.pop(0) if len(self._manners) > 1 else self._manners[0]
        return FakeConsole(request.lines[0].dup(), manners, goes_on=request.state is not None)


class FakeBsd(Bsd):
    """A platform whose guests are this very machine: nothing of it is set up or changed."""

    name = "openbsd"
    settings = ()

    def __init__(self, place: Path) -> None:
        super().__init__("parley")
        self.root = str(place / "root")
        (place / "root").mkdir()
        (place / "dev").mkdir()
        self.inbound, self.outbound = (str(place / "dev" / name) for name in ("in", "out"))

    @property
    def kernel_functions(self) -> str:
        return "sas() { :; }\npolicies() { :; }"

    def collect(self, processes: str) -> str:
        """Nothing of the real machine's is stopped; what a host that is clean leaves is written."""
        state = f"{self.root}/parley/state"
        names = "kernel-sas.left kernel-policies.left cores unstoppable dmesg"
        return f"for name in {names}; do : >{state}/$name; done; echo '{processes}' >{state}/processes"

    def mount_share(self) -> str:
        return "echo mounted >mounted\n"

    def log_in(self, console: Console, limit: Limit) -> Shell:
        return log_in(console, user="root", password=self.password, limit=limit)

    def _boot_script(self, topology: Topology, host: str) -> str:
        assert topology.host(host)
        return (
            f"PARLEY_HOST={host} PARLEY_SYSTEM=OpenBSD\nexport PARLEY_HOST PARLEY_SYSTEM\n"
            'exec sh "$3/parley/agent.sh" "$1" "$2" "$3" "$4"\n'
        )


def console_plan(place: Path, *manners: Manners, host: str = "east") -> HostPlan:
    """How a fake host behind a console is booted."""
    platform = FakeBsd(place)
    backend = FakeConsoleBackend(place / "dev", *manners)
    kernel = Kernel("openbsd", "7.9", place / "none", None, "digest", frozenset())
    image = Image("openbsd", place / "base.qcow2", {}, "digest", "7.9")
    spec = HostSpec(host, "openbsd", "openiked")
    return HostPlan(spec, platform, backend, image, kernel, media=Media(None))

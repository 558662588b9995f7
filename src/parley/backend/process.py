"""Kernels that are processes of this machine: started without rights, ended with the one who started them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from parley.backend.base import Machine
from parley.errors import BootError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import ExitStack
    from pathlib import Path

    from parley.backend.base import BootRequest
    from parley.lab.jail import Owner

# A guest may not fill the disk through its share: no file of a kernel process grows past this (bytes).
FILE_LIMIT = 2 * 1024**3


class ProcessMachine(Machine):
    """A kernel that is the leader of a session and process group of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def exited(self) -> int | None:
        """The exit status once the kernel is gone, else None."""
        return self._process.poll()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """While this lasts the kernel stands still, whatever it is told; one that is gone is left alone."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the whole process group at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def open_file(stack: ExitStack, path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a file to hand it over to a kernel; closed with `stack`. Raises BootError."""
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC)
    except OSError as error:
        raise BootError(f"{path}: {error.strerror}", hint="parley image build") from error
    stack.callback(os.close, descriptor)
    return descriptor


def drop_privileges(owner: Owner, groups: Iterable[int] = ()) -> list[str]:
    """The command prefix that has a kernel run as `owner`, and no longer than the thread that starts it.

    `groups` are what it is a member of besides, when root starts it.
    """
    # --pdeathsig: the kernel dies with the process that booted it, also when that one is SIGKILLed.
    command = ["setpriv", "--pdeathsig", "KILL", "--no-new-privs"]
    if os.geteuid() == 0:
        chosen = ",".join(map(str, groups))
        command += ["--reuid", str(owner.uid), "--regid", str(owner.gid)]
        command += ["--groups", chosen] if chosen else ["--clear-groups"]
        command += ["--bounding-set", "-all", "--inh-caps", "-all"]
    return [*command, "--"]


def spawn(
    command: Sequence[str],
    descriptors: Iterable[int],
    output: int,
    request: BootRequest,
    *,
    file_limit: int = FILE_LIMIT,
) -> subprocess.Popen[bytes]:
    """Start a kernel with open `descriptors` and nothing else of this process. Raises BootError."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(descriptors),
            start_new_session=True,
            # TMPDIR would take guest memory off /dev/shm and onto a disk.
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent"},
        )
    except OSError as error:
        raise BootError(
            f"cannot start {command[0]}: {error.strerror}", host=request.host, hint="parley doctor"
        ) from error
    with suppress(ProcessLookupError, PermissionError):
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (file_limit, file_limit))
        resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
    return process

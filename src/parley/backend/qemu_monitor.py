"""What Parley asks of a running QEMU, in QMP, through the library that QEMU's developers publish."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from qemu.qmp import QMPClient, QMPError

from parley.errors import BootError

if TYPE_CHECKING:
    import socket
    from collections.abc import Coroutine

_T = TypeVar("_T")

# Of one answer; QEMU gives it at once, a machine with other work a bit later (seconds).
_LIMIT = 20.0
_PAUSE = 0.01
# Bytes per second: as fast as it goes.
_BANDWIDTH = 2**40


class Monitor:
    """A connection to one QEMU, made when the first command is sent.

    Every method raises BootError when QEMU is gone, refuses, or does not answer.
    """

    def __init__(self, host: str, wire: socket.socket) -> None:
        self._host = host
        self._wire = wire
        self._client = QMPClient(host)
        self._is_connected = self._is_closed = False
        # A thread of its own for the library's event loop: the caller's may have one that runs already.
        self._runner = asyncio.Runner()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"qmp-{host}")

    def execute(self, command: str, arguments: dict[str, object] | None = None) -> object:
        """Send a command; return what it answers."""
        try:
            self._connect()
            return self._run(asyncio.wait_for(self._client.execute(command, arguments), _LIMIT))
        except (QMPError, OSError, TimeoutError) as error:
            problem = f"QEMU does not do {command}: {error or type(error).__name__}"
            raise BootError(problem, host=self._host) from error

    def wait_until_running(self, limit: float) -> None:
        """Wait until a restored guest goes on, up to `limit` seconds."""
        self._wait("query-status", limit, done={"running"}, failed={"internal-error", "guest-panicked"})

    def migrate(self, descriptor: int, limit: float) -> None:
        """Write the guest's memory and devices to an open file; restored, it goes on."""
        self.execute("migrate-set-parameters", {"max-bandwidth": _BANDWIDTH})
        self._client.send_fd_scm(descriptor)
        self.execute("getfd", {"fdname": "state"})
        self.execute("migrate", {"uri": "fd:state"})
        self._wait("query-migrate", limit, done={"completed"}, failed={"failed", "cancelled"})

    def close(self) -> None:
        """Hang up; harmless when that was done already."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._is_connected:
            with suppress(QMPError, OSError, EOFError):  # QEMU is gone already
                self._run(self._client.disconnect())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()
        self._wire.close()

    def _connect(self) -> None:
        if not self._is_connected:
            self._run(asyncio.wait_for(self._client.connect(self._wire), _LIMIT))
            self._is_connected = True

    def _run(self, work: Coroutine[object, object, _T]) -> _T:
        return self._thread.submit(self._runner.run, work).result()

    def _wait(self, command: str, limit: float, *, done: set[str], failed: set[str]) -> None:
        deadline = time.monotonic() + limit
        while True:
            answer = self.execute(command)
            status = str(answer.get("status", "")) if isinstance(answer, dict) else ""
            if status in done:
                return
            if status in failed or time.monotonic() > deadline:
                problem = f"{command} says {status or 'nothing'} where {' or '.join(done)} was expected"
                raise BootError(problem, host=self._host)
            time.sleep(_PAUSE)

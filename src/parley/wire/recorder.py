"""What stands between the hub and its capture: times, timely flushing, and a disk that may fill up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

    from parley.wire.pcapng import PcapngWriter

# What is captured is in the operating system's hands after this time at the latest (seconds).
FLUSH_INTERVAL = 0.05


class Recorder:
    """Writes frames to a capture, if there is one; `error` says why that failed.

    The hub goes on without it (a broken writer writes no more), so that the guests' own logs are complete.
    """

    def __init__(
        self, capture: PcapngWriter | None, clock: Callable[[], int], monotonic: Callable[[], float]
    ) -> None:
        self.error: LabError | None = None
        self.flush_at: float | None = None
        self._capture = capture
        self._clock = clock
        self._monotonic = monotonic

    def add_interface(self, name: str, description: str) -> int:
        """Announce an interface; return its number for `record`."""
        return self._capture.add_interface(name, description) if self._capture else -1

    def record(self, interface: int, frame: memoryview, comment: str) -> None:
        """Write a frame that came in just now."""
        if self._capture is None:
            return
        try:
            self._capture.write(interface, self._clock(), frame, comment)
        except LabError as error:
            self.error = self.error or error
        if self.flush_at is None:
            self.flush_at = self._monotonic() + FLUSH_INTERVAL

    def flush_if_due(self) -> None:
        """Flush if the oldest frame has waited long enough."""
        if self.flush_at is not None and self._monotonic() >= self.flush_at:
            self.flush()

    def flush(self) -> None:
        """Flush at once."""
        self.flush_at = None
        if self._capture is None:
            return
        try:
            self._capture.flush()
        except LabError as error:
            self.error = self.error or error

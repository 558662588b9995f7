"""What an impairment does to the frames of one sender, the same at every run.

Every knob does exactly what it says: jitter alone, for instance, never reorders (unlike tc-netem(8)).
Each knob has a random generator of its own per segment, sender and seed, and draws once for every frame
that the impairment is for: whether the fifth IKE message is lost depends on nothing but that it is the
fifth. Frames that it is not for (`only`) pass untouched.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from parley.wire.frame import ETHERNET_HEADER, Traffic, classify, decode

if TYPE_CHECKING:
    from parley.wire.impair import Impairment

# A frame that is to be overtaken waits this long for one that overtakes it (seconds).
REORDER_PATIENCE = 0.1

_CLASSES = {
    "ike": frozenset({Traffic.IKE}),
    "esp": frozenset({Traffic.ESP, Traffic.AH, Traffic.ESP_IN_UDP}),
    "ip": frozenset(Traffic) - {Traffic.LINK},
}


@dataclass(slots=True)
class ImpairmentCounters:
    """What an impairment did, in frames."""

    matched: int = 0
    lost: int = 0
    delayed: int = 0
    reordered: int = 0
    duplicated: int = 0
    oversized: int = 0
    overflowed: int = 0
    partitioned: int = 0


class Shaper:
    """Frames of one sender on their way through an impairment.

    All times are seconds of one monotonic clock; `started` is when the impairment began. What it does
    is added to `counters`.
    """

    def __init__(
        self, impairment: Impairment, sender: str, started: float, counters: ImpairmentCounters
    ) -> None:
        self.impairment = impairment
        self.counters = counters
        self._dice = {
            knob: random.Random(f"{impairment.segment}/{sender}/{impairment.seed}/{knob}")  # noqa: S311 -- meant to repeat
            for knob in ("loss", "duplicate", "reorder", "jitter")
        }
        self._started = started
        self._bucket_full_at = started
        self._last_release = started
        self._line: list[tuple[float, int, bytes]] = []
        self._sequence = 0
        self._held: list[bytes] = []
        self._held_until = 0.0

    def admit(self, frame: bytes, now: float) -> str:
        """Take a frame. Returns what became of it, for the capture; empty: it passes (perhaps later)."""
        if not self._is_for(frame):
            self._push(frame, now)
            return ""
        impairment = self.impairment
        self.counters.matched += 1
        is_lost = self._hits("loss", impairment.loss)
        copies = [frame] * (1 + self._hits("duplicate", impairment.duplicate))
        is_overtaken = self._hits("reorder", impairment.reorder) and not self._held
        jitter = self._dice["jitter"].uniform(-impairment.jitter, impairment.jitter)
        cause = self._drop_cause(len(frame), now, is_lost=is_lost)
        if cause:
            return f"dropped by impairment: {cause}"
        release = self._release_time(len(frame), now, jitter)
        self.counters.duplicated += len(copies) - 1
        if is_overtaken:
            self.counters.reordered += 1
            self._held, self._held_until = copies, release + REORDER_PATIENCE
            return "reordered by impairment"
        for copy in copies:
            self._push(copy, release)
        self._let_go(release)
        return "duplicated by impairment" if len(copies) > 1 else ""

    def due(self, now: float) -> list[bytes]:
        """Take out the frames whose time has come, in order."""
        if self._held and self._held_until <= now:
            self._let_go(self._held_until)
        frames = []
        while self._line and self._line[0][0] <= now:
            frames.append(heapq.heappop(self._line)[2])
        return frames

    @property
    def next_due(self) -> float | None:
        """When the next frame's time comes; None while there is none."""
        times = [self._line[0][0]] if self._line else []
        if self._held:
            times.append(self._held_until)
        return min(times, default=None)

    def _is_for(self, frame: bytes) -> bool:
        only = self.impairment.only
        if not only:
            return True
        packet = decode(frame)
        return packet is not None and classify(packet) in _CLASSES[only]

    def _hits(self, knob: str, probability: float) -> bool:
        return self._dice[knob].random() < probability

    def _drop_cause(self, size: int, now: float, *, is_lost: bool) -> str:
        impairment, counters = self.impairment, self.counters
        since = now - self._started - impairment.partition_start
        if 0 <= since < impairment.partition:
            counters.partitioned += 1
            return "partition"
        if impairment.mtu and size - ETHERNET_HEADER > impairment.mtu:
            counters.oversized += 1
            return "mtu"
        if is_lost:
            counters.lost += 1
            return "loss"
        if impairment.rate and self._waiting_bytes(now) + size > impairment.queue + impairment.burst:
            counters.overflowed += 1
            return "rate"
        return ""

    def _waiting_bytes(self, now: float) -> float:
        return max(0.0, self._bucket_full_at - now) * self.impairment.rate / 8

    def _release_time(self, size: int, now: float, jitter: float) -> float:
        impairment = self.impairment
        release = now
        if impairment.rate:
            # The bucket as a virtual clock (GCRA, ITU-T I.371): when would it be full again?
            self._bucket_full_at = max(self._bucket_full_at, now) + size * 8 / impairment.rate
            release = max(now, self._bucket_full_at - impairment.burst * 8 / impairment.rate)
        release = max(release + max(0.0, impairment.delay + jitter), self._last_release)
        self.counters.delayed += release > now
        self._last_release = release
        return release

    def _push(self, frame: bytes, release: float) -> None:
        # The sequence keeps frames of the same instant in order.
        self._sequence += 1
        heapq.heappush(self._line, (release, self._sequence, frame))

    def _let_go(self, release: float) -> None:
        for frame in self._held:
            self._push(frame, release)
        self._held = []

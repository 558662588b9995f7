"""The leak check: finds, in a capture alone, what was in clear and should have been protected.

A packet leaks when it is on a segment that is not itself protected, its addresses (or those of a packet
tunnelled in it) match a pair of selectors, and it is neither IKE, ESP, AH nor ESP-in-UDP. What a guest sent
counts even if an impairment dropped it. Not seen: traffic whose addresses a NAT has changed (give its
addresses as selectors), and IKE over TCP (RFC 9329), which between selectors counts as clear text.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from itertools import combinations
from typing import TYPE_CHECKING

from parley.lab.topology import NETWORK
from parley.wire.capture import PcapngReader
from parley.wire.frame import UDP, Traffic, classify, decode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from parley.lab.topology import Topology
    from parley.wire.capture import CapturedFrame
    from parley.wire.frame import Packet

Network = IPv4Network | IPv6Network

# Packets in packets in packets: deeper nesting is hostile.
_NESTING_LIMIT = 4


@dataclass(frozen=True, slots=True)
class SelectorPair:
    """Traffic between two networks, in either direction, that must be protected."""

    left: Network
    right: Network


@dataclass(frozen=True, slots=True)
class Leak:
    """A packet in clear, which came in at `interface` at `time` (nanoseconds since 1970)."""

    time: int
    interface: str
    description: str


@dataclass(frozen=True, slots=True)
class SegmentSummary:
    """How many frames of which kind were on a segment; `clear` are the leaks."""

    segment: str
    frames: int = 0
    ike: int = 0
    esp: int = 0
    ah: int = 0
    esp_in_udp: int = 0
    clear: int = 0
    other: int = 0


@dataclass(frozen=True, slots=True)
class WireSummary:
    """What was on the wire; `is_truncated` when the capture breaks off, as that of a killed run does."""

    segments: tuple[SegmentSummary, ...]
    is_truncated: bool

    @property
    def frames(self) -> int:
        """Frames on all segments."""
        return sum(segment.frames for segment in self.segments)


@dataclass(frozen=True, slots=True)
class WireReport:
    """All leaks, in order of time, and the summary."""

    leaks: tuple[Leak, ...]
    summary: WireSummary


def protected_pairs(topology: Topology = NETWORK) -> tuple[SelectorPair, ...]:
    """Every two different protected networks, in both IP versions."""
    return tuple(
        pair
        for left, right in combinations(topology.protected, 2)
        for pair in (SelectorPair(left.ipv4, right.ipv4), SelectorPair(left.ipv6, right.ipv6))
    )


def inspect_wire(
    path: Path, *, topology: Topology = NETWORK, selectors: Iterable[SelectorPair] | None = None
) -> WireReport:
    """Check the capture at `path`.

    `selectors` say what must be protected; without them it is all traffic between protected segments.
    Segments that the topology does not know are checked like public ones. Raises OSError, and InputError
    if the capture is damaged.
    """
    pairs = protected_pairs(topology) if selectors is None else tuple(selectors)
    inspection = _Inspection(pairs, frozenset(segment.name for segment in topology.protected))
    reader = PcapngReader(path)
    for frame in reader:
        inspection.add(frame)
    return inspection.report(is_truncated=reader.is_truncated)


def find_leaks(
    path: Path, *, topology: Topology = NETWORK, selectors: Iterable[SelectorPair] | None = None
) -> list[Leak]:
    """The leaks alone; see `inspect_wire`."""
    return list(inspect_wire(path, topology=topology, selectors=selectors).leaks)


_FIELDS = {
    Traffic.IKE: "ike",
    Traffic.ESP: "esp",
    Traffic.AH: "ah",
    Traffic.ESP_IN_UDP: "esp_in_udp",
}
_FragmentKey = tuple[str, bytes, bytes, int]


class _Inspection:
    def __init__(self, pairs: tuple[SelectorPair, ...], protected: frozenset[str]) -> None:
        self._pairs = pairs
        self._protected = protected
        self._counts: dict[str, Counter[str]] = {}
        self._leaks: list[Leak] = []
        self._first_fragments: dict[_FragmentKey, Traffic] = {}
        # Later fragments whose first one is still to come: whether they leak depends on it.
        self._undecided: dict[_FragmentKey, list[Leak]] = {}
        self._is_selected = lru_cache(maxsize=65536)(self._match)

    def add(self, frame: CapturedFrame) -> None:
        segment = frame.interface.partition("/")[0]
        counts = self._counts.setdefault(segment, Counter())
        counts["frames"] += 1
        packet = decode(frame.data)
        if packet is None:
            counts["other"] += 1
            return
        chain = _nested(packet)
        traffic = self._traffic(frame.interface, chain[-1])
        if traffic in _FIELDS:
            counts[_FIELDS[traffic]] += 1
        elif segment in self._protected or traffic is Traffic.LINK or not self._leaks_from(frame, chain):
            counts["other"] += 1
        else:
            counts["clear"] += 1

    def report(self, *, is_truncated: bool) -> WireReport:
        undecided = [leak for leaks in self._undecided.values() for leak in leaks]
        leaks = sorted(self._leaks + undecided, key=lambda leak: leak.time)
        segments = tuple(SegmentSummary(name, **counts) for name, counts in sorted(self._counts.items()))
        return WireReport(tuple(leaks), WireSummary(segments, is_truncated))

    def _traffic(self, interface: str, packet: Packet) -> Traffic:
        """Classify a packet; a later fragment of UDP is what its first fragment was."""
        if not packet.is_fragment or packet.protocol != UDP:
            return classify(packet)
        key = _fragment_key(interface, packet)
        if packet.offset:
            return self._first_fragments.get(key, Traffic.CLEAR)
        traffic = self._first_fragments[key] = classify(packet)
        undecided = self._undecided.pop(key, [])
        if traffic in _FIELDS:
            counts = self._counts[interface.partition("/")[0]]
            counts["clear"] -= len(undecided)
            counts[_FIELDS[traffic]] += len(undecided)
        else:
            self._leaks += undecided
        return traffic

    def _leaks_from(self, frame: CapturedFrame, chain: list[Packet]) -> bool:
        for packet in chain:
            if self._is_selected(packet.source, packet.destination):
                leak = Leak(frame.time_ns, frame.interface, str(packet))
                key = _fragment_key(frame.interface, packet)
                is_undecided = packet.protocol == UDP and packet.offset and key not in self._first_fragments
                (self._undecided.setdefault(key, []) if is_undecided else self._leaks).append(leak)
                return True
        return False

    def _match(self, source: bytes, destination: bytes) -> bool:
        one, other = ip_address(source), ip_address(destination)
        return any(
            (one in pair.left and other in pair.right) or (one in pair.right and other in pair.left)
            for pair in self._pairs
        )


def _fragment_key(interface: str, packet: Packet) -> _FragmentKey:
    return interface, packet.source, packet.destination, packet.identification


def _nested(packet: Packet) -> list[Packet]:
    chain = [packet]
    while len(chain) < _NESTING_LIMIT and (inner := chain[-1].inner) is not None:
        chain.append(inner)
    return chain

"""From what was seen at the interfaces to messages: fragments joined, copies told from retransmissions.

A retransmission is the very same message again (RFC 7296 section 2.1) from the host that sent it first. The
same message at any other interface is a router passing it on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING

from parley.lab.topology import NETWORK
from parley.scenario.iana import EXCHANGES, NOTIFIES, PAYLOADS
from parley.wire.datagrams import parse_header
from parley.wire.frame import Traffic
from parley.wire.message import Message, Packets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from parley.wire.datagrams import IkeHeader, Sighting
    from parley.wire.tshark import Dissection

    Dissector = Callable[[Sequence[bytes]], list[Dissection]]

# More than this in one case is a flood; a ladder of it would help nobody.
MESSAGE_LIMIT = 5000

_NOTIFY = 41
_SK, _SKF = PAYLOADS["SK"], PAYLOADS["SKF"]
_PAYLOAD_NAMES = {number: name for name, number in PAYLOADS.items()}
_EXCHANGE_NAMES = {number: name for name, number in EXCHANGES.items()}
_NOTIFY_NAMES = {number: name for name, number in NOTIFIES.items()}
_KEEPALIVE = "NAT keepalive"


@dataclass(slots=True)
class _Part:
    """A message or a fragment as its sender sent it.

    `last` is where it was seen last on its way, `before` the same one as it was sent the time before.
    """

    first: Sighting
    last: Sighting
    header: IkeHeader
    before: Sighting | None
    via: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Flow:
    """Protected packets with one SPI, `after` that many messages; `key` is how the flow is known."""

    after: int
    seconds: float
    kind: str
    sender: str
    key: tuple[str, bytes]
    count: int = 0


class Assembler:
    """Takes sightings in order; `is_cut` tells whether there were more messages than it keeps."""

    def __init__(self) -> None:
        self.is_cut = False
        self._groups: list[list[_Part]] = []
        self._latest: dict[bytes, _Part] = {}
        self._open: dict[tuple[str, IkeHeader], list[_Part]] = {}
        self._origins: dict[tuple[str, bytes], Sighting] = {}
        self._ends: dict[tuple[str, bytes], Sighting] = {}
        self._flows: dict[tuple[int, tuple[str, bytes]], _Flow] = {}

    def add(self, sighting: Sighting) -> None:
        """Take the next sighting."""
        if sighting.kind is Traffic.IKE:
            self._add_message(sighting)
        else:
            self._add_packet(sighting)

    def _add_message(self, sighting: Sighting) -> None:
        digest = sha256(sighting.data).digest()
        before = self._latest.get(digest)
        if before is not None and sighting.interface != before.first.interface:
            before.last = sighting
            before.via.append(sighting.host)
            return
        if len(self._groups) >= MESSAGE_LIMIT:
            self.is_cut = True
            return
        part = _Part(sighting, sighting, parse_header(sighting.data), before.first if before else None)
        self._latest[digest] = part
        self._group(part).append(part)

    def _group(self, part: _Part) -> list[_Part]:
        if part.header.fragments:
            key = (part.first.interface, _of_message(part.header))
            group = self._open.get(key)
            if group and part.header.fragment not in {other.header.fragment for other in group}:
                return group
            self._open[key] = group = []
        else:
            group = []
        self._groups.append(group)
        return group

    def _add_packet(self, sighting: Sighting) -> None:
        # A NAT keepalive has no SPI: its addresses must do.
        is_keepalive = sighting.kind is Traffic.ESP_IN_UDP and not sighting.spi
        name = _KEEPALIVE if is_keepalive else str(sighting.kind)
        known_by = sighting.source + sighting.destination if is_keepalive else sighting.spi.to_bytes(4)
        key = (name, known_by)
        if sighting.interface != self._origins.setdefault(key, sighting).interface:
            self._ends[key] = sighting
            return
        after = len(self._groups)
        flow = self._flows.setdefault((after, key), _Flow(after, sighting.seconds, name, sighting.host, key))
        flow.count += 1

    def messages(self, dissector: Dissector) -> tuple[Message, ...]:
        """All messages, their payloads told by `dissector`, which is called once."""
        contents = _Contents(self._groups, dissector)
        return tuple(_message(group, contents) for group in self._groups)

    def packets(self) -> tuple[Packets, ...]:
        """Protected packets between the messages."""
        merged: dict[tuple[int, str, frozenset[str]], Packets] = {}
        routers = {host for group in self._groups for part in group for host in part.via}
        for flow in self._flows.values():
            if flow.kind == _KEEPALIVE and flow.sender in routers:
                continue
            receiver = _receiver(self._ends.get(flow.key, self._origins[flow.key]))
            key = (flow.after, flow.kind, frozenset((flow.sender, receiver)))
            known = merged.get(key)
            if known is None:
                merged[key] = Packets(flow.after, flow.seconds, flow.kind, flow.sender, receiver, flow.count)
            elif known.one == flow.sender:
                merged[key] = replace(known, there=known.there + flow.count)
            else:
                merged[key] = replace(known, back=known.back + flow.count)
        return tuple(merged.values())


def _of_message(header: IkeHeader) -> IkeHeader:
    """What the fragments of one message have in common."""
    return replace(header, fragment=0)


class _Contents:
    """What the messages hold: each one dissected once, fragments in order, whatever the wire did to them."""

    def __init__(self, groups: Iterable[list[_Part]], dissector: Dissector) -> None:
        whole: dict[bytes, int] = {}
        pieces: dict[IkeHeader, dict[int, bytes]] = {}
        for part in (part for group in groups for part in group):
            if part.header.fragments:
                numbers = pieces.setdefault(_of_message(part.header), {})
                numbers.setdefault(part.header.fragment, part.first.data)
            else:
                whole.setdefault(part.first.data, len(whole))
        feed = list(whole)
        self._whole = whole
        self._spans: dict[IkeHeader, range] = {}
        for header, numbers in pieces.items():
            self._spans[header] = range(len(feed), len(feed) + len(numbers))
            feed += (data for _, data in sorted(numbers.items()))
        self._found = dissector(feed)

    def of(self, part: _Part) -> Dissection:
        """What the message of which `part` is a part holds."""
        if not part.header.fragments:
            return self._found[self._whole[part.first.data]]
        pieces = [self._found[index] for index in self._spans[_of_message(part.header)]]
        last = pieces[-1]
        # Without the others, or without the keys, the last one is just a fragment.
        is_known = last.payloads[-1:] != (_SKF,) and all(piece.is_decrypted for piece in pieces)
        return replace(last, is_decrypted=is_known)


def _message(group: list[_Part], contents: _Contents) -> Message:
    part = group[0]
    header = part.header
    content = contents.of(part)
    clear, protection, protected = _names(content)
    return Message(
        frame=part.first.number,
        seconds=part.first.seconds,
        sender=part.first.host,
        receiver=_receiver(part.last),
        exchange=_exchange(header),
        message_id=header.message_id,
        is_response=header.is_response,
        by_initiator=header.by_initiator,
        initiator_spi=header.initiator_spi,
        responder_spi=header.responder_spi,
        size=sum(len(piece.first.data) for piece in group),
        payloads=clear,
        protection=protection,
        protected=protected,
        fragments=len(group) if header.fragments else 0,
        of_fragments=header.fragments,
        is_retransmission=any(piece.before for piece in group),
        path=_path(part),
        via=tuple(dict.fromkeys(host for piece in group for host in piece.via)),
        note=_note(group),
    )


def _path(part: _Part) -> str:
    now, before = part.first, part.before
    if before is None or (now.source, now.destination) == (before.source, before.destination):
        return ""
    return f"from {ip_address(now.source)} to {ip_address(now.destination)}"


def _note(group: list[_Part]) -> str:
    notes = dict.fromkeys(piece.first.comment for piece in group if piece.first.comment)
    return "; ".join(notes)


def _names(content: Dissection) -> tuple[tuple[str, ...], str, tuple[str, ...] | None]:
    """Names of the payloads in clear, of the one that encrypts, and of those inside of it."""
    notifies = iter(content.notifies)
    names = [_payload(number, notifies) for number in content.payloads]
    for index, number in enumerate(content.payloads):
        if number in {_SK, _SKF}:
            inside = tuple(names[index + 1 :]) if content.is_decrypted else None
            return tuple(names[:index]), names[index], inside
    return tuple(names), "", None


def _payload(number: int, notifies: Iterator[int]) -> str:
    if number != _NOTIFY:
        return _PAYLOAD_NAMES.get(number, str(number))
    kind = next(notifies, None)
    return "N" if kind is None else f"N({_NOTIFY_NAMES.get(kind, kind)})"


def _exchange(header: IkeHeader) -> str:
    if header.version != 2:  # noqa: PLR2004 -- IKEv2 is the one that has names here
        return f"IKEv{header.version} exchange {header.exchange}"
    return _EXCHANGE_NAMES.get(header.exchange, f"exchange {header.exchange}")


_BY_ADDRESS = {
    address.packed: interface.host
    for host in NETWORK.hosts
    for interface in host.interfaces
    for address in (interface.ipv4, interface.ipv6)
}
_BY_MAC = {interface.mac: host.name for host in NETWORK.hosts for interface in host.interfaces}


def _receiver(sighting: Sighting) -> str:
    """Where something was going when it was seen last: a host by its address, else by its card."""
    known = _BY_ADDRESS.get(sighting.destination) or _BY_MAC.get(sighting.destination_mac)
    return known or str(ip_address(sighting.destination))

"""The message ladder of a case: who said what to whom, in order, and which notifies were among it.

It is made from the capture and the case's keys, once, and kept as ladder.json: later readers need neither
tshark nor the keys.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from parley.errors import InputError, LabError, ParleyError
from parley.record.results import load_json, reading, write_json
from parley.wire.assemble import MESSAGE_LIMIT, Assembler
from parley.wire.datagrams import read_sightings
from parley.wire.keys import Keys, collect_keys
from parley.wire.message import Message, Packets, SeenNotify
from parley.wire.tshark import dissect, find_tool, write_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from parley.record.layout import CaseLayout
    from parley.wire.tshark import Dissection

SCHEMA = 1
# Raised when ladders are made differently, so that recorded ones are made again.
_MAKE = 2


@dataclass(frozen=True, slots=True)
class Ladder:
    """All IKE messages of a capture in order, and what protected packets went between them.

    `source` tells whether it was made from the same capture and keys; `notes` say what is not as it should
    be, one sentence each.
    """

    messages: tuple[Message, ...]
    packets: tuple[Packets, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    schema: int = SCHEMA

    def rungs(self) -> Iterator[Message | Packets]:
        """Messages and packets in the order in which they began."""
        packets = iter(self.packets)
        waiting = next(packets, None)
        for index in range(len(self.messages) + 1):
            while waiting is not None and waiting.after <= index:
                yield waiting
                waiting = next(packets, None)
            yield from self.messages[index : index + 1]


def make_ladder(capture: Path, keys: Keys) -> Ladder:
    """Read the capture. Raises OSError, InputError if it is damaged, MissingError without tshark."""
    assembler = Assembler()
    for sighting in read_sightings(capture):
        assembler.add(sighting)
    dissector = _Dissector(keys)
    messages = assembler.messages(dissector)
    notes = dissector.notes
    if keys.conflicts:
        notes.append(f"the two ends told different keys for the same IKE SA ({keys.conflicts} times)")
    if assembler.is_cut:
        notes.append(f"only the first {MESSAGE_LIMIT} messages are shown")
    return Ladder(messages, assembler.packets(), _source(capture, keys), tuple(notes))


class _Dissector:
    """tshark with the keys; if that fails, without: a key that leads it astray must not hide the messages."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self.notes: list[str] = []

    def __call__(self, messages: Sequence[bytes]) -> list[Dissection]:
        try:
            return dissect(messages, self._keys)
        except LabError as error:
            if not self._keys.ike:
                raise
            self.notes.append(f"nothing is decrypted: with the keys, {error}")
        return dissect(messages, replace(self._keys, ike=(), esp=()))


def _source(capture: Path, keys: Keys) -> str:
    return f"make {_MAKE}, {capture.stat().st_size} bytes, keys {keys.digest}"


def find_ladder(layout: CaseLayout) -> Ladder:
    """The ladder of a case: the recorded one if it fits the capture and the keys, else made and recorded.

    Raises InputError if there is no capture or it is damaged, MissingError without tshark.
    """
    keys = collect_keys(layout)
    try:
        recorded = read_ladder(layout.ladder)
        if recorded.source == _source(layout.capture, keys):
            return recorded
    except (OSError, InputError):
        pass
    try:
        made = make_ladder(layout.capture, keys)
    except OSError as error:
        raise InputError(layout.capture, 0, f"cannot be read: {error.strerror}") from error
    # A run that may only be read can be looked at all the same.
    with contextlib.suppress(OSError):
        write_keys(layout, keys)
        write_json(layout.ladder, made)
    return made


def record_ladder(layout: CaseLayout) -> None:
    """Record a case's ladder if that was not done and can be: with tshark, from a sound capture."""
    if layout.ladder.exists() or not layout.capture.is_file():
        return
    with contextlib.suppress(ParleyError):
        find_tool()
        find_ladder(layout)


def write_keys(layout: CaseLayout, keys: Keys) -> None:
    """Write the keys as a configuration directory of Wireshark's. Raises OSError."""
    layout.wireshark.mkdir(exist_ok=True)
    write_profile(layout.wireshark, keys)


def notifies(layout: CaseLayout) -> tuple[SeenNotify, ...]:
    """Every Notify payload of a case in order, retransmissions left out; errors as `find_ladder`'s.

    Those of messages that could not be decrypted are not among them.
    """
    return tuple(
        SeenNotify(payload[2:-1], message.sender, message.exchange)
        for message in find_ladder(layout).messages
        if not message.is_retransmission
        for payload in (*message.payloads, *(message.protected or ()))
        if payload.startswith("N(")
    )


def read_ladder(path: Path) -> Ladder:
    """Read ladder.json. Raises InputError for a file that is no such record."""
    data = load_json(path)
    with reading(path):
        data["messages"] = tuple(_message(message) for message in data["messages"])
        data["packets"] = tuple(Packets(**packets) for packets in data["packets"])
        data["notes"] = tuple(data["notes"])
        return Ladder(**data)


def _message(data: dict[str, Any]) -> Message:
    for name in ("payloads", "via"):
        data[name] = tuple(data[name])
    if data["protected"] is not None:
        data["protected"] = tuple(data["protected"])
    return Message(**data)

"""What the daemons logged and what was on the wire, in one order.

Everything is told in seconds after the first frame. A log line's time is its own stamp where it has one; a
line that speaks of a message has that message's time, and lines without any have that of the line before.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from parley.errors import ParleyError
from parley.lab.jail import Jail
from parley.wire.capture import PcapngReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from parley.record.layout import CaseLayout
    from parley.wire.ladder import Ladder
    from parley.wire.message import Message

# What is read and shown of one log.
_READ_LIMIT = 512 * 1024
_LINES_LIMIT = 400
_WIDTH = 300
_DAY = 86400.0

# `Nov 24 14:07:14.650792: ` of pluto, `Nov 24 14:16:53 ` of charon.
_STAMP = re.compile(r"^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(\.\d{1,6})?:? ")
_MONTHS = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905 -- one line
}
# iked: `send IKE_AUTH req 1 peer`; charon: `parsed IKE_AUTH response 1 [`.
_SPEAKS = re.compile(r"\b(send|recv|generating|parsed) ([A-Z_]{8,20}) (req|res)\w* (\d{1,9})\b")
_SENDS = {"send", "generating"}
# Dumps in hex, and what iked at -vvv says of every part of every payload.
_NOISE = re.compile(r"^[0-9a-f ]*$|^ikev2_(pld_(xform|attr|payloads)|info: called|next_payload|add_)")


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that `host` logged, without its stamp."""

    seconds: float
    host: str
    text: str


def log_lines(layout: CaseLayout, hosts: Iterable[str], ladder: Ladder) -> tuple[LogLine, ...]:
    """The lines of all logs of `hosts` in order; noise, and what is too much, is left out."""
    jail = Jail(layout.share)
    began = _first_frame(layout.capture)
    found: list[LogLine] = []
    for host in hosts:
        for name in jail.files(f"{host}/log"):
            lines = jail.read_text(name, default="", limit=_READ_LIMIT).splitlines()
            found += _timed(host, lines, _Heard(host, ladder.messages), began)
    return tuple(sorted(found, key=lambda line: line.seconds))


def _first_frame(capture: Path) -> datetime | None:
    try:
        frame = next(iter(PcapngReader(capture)), None)
    except (OSError, ParleyError):
        return None
    return datetime.fromtimestamp(frame.time_ns / 1e9, UTC) if frame else None


class _Heard:
    """The messages that a host sent and got, to be met again in its log in the same order."""

    def __init__(self, host: str, messages: Iterable[Message]) -> None:
        self._waiting: dict[tuple[bool, str, bool, int], deque[float]] = defaultdict(deque)
        for message in messages:
            for ours, is_sent in ((message.sender, True), (message.receiver, False)):
                if ours == host:
                    key = (is_sent, message.exchange, message.is_response, message.message_id)
                    self._waiting[key].append(message.seconds)

    def spoken_of(self, line: str) -> float | None:
        """When the message passed that a line speaks of."""
        match = _SPEAKS.search(line)
        if match is None:
            return None
        waiting = self._waiting.get((match[1] in _SENDS, match[2], match[3] == "res", int(match[4])))
        return waiting.popleft() if waiting else None


def _timed(host: str, lines: list[str], heard: _Heard, began: datetime | None) -> Iterator[LogLine]:
    now = -_DAY
    shown = 0
    for line in lines:
        stamp = _STAMP.match(line)
        text = line[stamp.end() :] if stamp else line
        if _NOISE.match(text):
            continue
        now = max(now, _moment(stamp, began, now), heard.spoken_of(text) or -_DAY)
        shown += 1
        is_last = shown > _LINES_LIMIT
        said = "... (the log has more)" if is_last else text[:_WIDTH]
        yield LogLine(now if now > -_DAY else 0.0, host, said)
        if is_last:
            return


def _moment(stamp: re.Match[str] | None, began: datetime | None, now: float) -> float:
    """What a stamp says in seconds after the first frame; `now` if it says nothing to be believed."""
    if stamp is None or began is None:
        return now
    hour, minute, second = (int(stamp[group]) for group in (3, 4, 5))
    try:
        day = datetime(began.year, _MONTHS[stamp[1]], int(stamp[2]), hour, minute, second, tzinfo=UTC)
    except (KeyError, ValueError):
        return now
    seconds = (day - began).total_seconds() + float(stamp[6] or 0)
    return seconds if abs(seconds) < _DAY else now

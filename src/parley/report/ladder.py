"""A message ladder to read: each rung as words, for a terminal and for the HTML report."""

from __future__ import annotations

import shutil
from functools import lru_cache
from typing import IO, TYPE_CHECKING, NamedTuple

from parley.escape import escape_terminal
from parley.report.marks import can_print_shapes
from parley.report.terminal import Piece, print_lines
from parley.scenario.iana import FIRST_STATUS_NOTIFY, NOTIFIES
from parley.wire.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.report.terminal import Line
    from parley.wire.ladder import Ladder
    from parley.wire.message import Packets

_SHAPES = {"there": "──▶", "back": "◀──", "both": "◀─▶"}
_PLAIN = {"there": "-->", "back": "<--", "both": "<->"}
_SIZE_WIDTH = 7
# Narrower than this, lines are left to the terminal to break.
_LEAST_WORDS = 30


class Word(NamedTuple):
    """A payload; `is_error` for a Notify of an error type (RFC 7296 section 3.10.1)."""

    text: str
    is_error: bool = False


class Rung(NamedTuple):
    """A message or some packets between two hosts, of whom `left` is the one met first in the ladder.

    `title` begins with the number of the IKE SA where there are several. `way` is there, back or both;
    `frame` is 0 for packets, `size` counts bytes of a message.
    """

    seconds: float
    left: str
    right: str
    way: str
    title: str
    frame: int = 0
    size: int = 0
    words: tuple[Word, ...] = ()
    marks: tuple[str, ...] = ()


def rungs(ladder: Ladder) -> tuple[Rung, ...]:
    """All rungs in order."""
    met: dict[str, int] = {}
    sas = _sas(ladder)
    found = []
    for rung in ladder.rungs():
        ends = (rung.sender, rung.receiver) if isinstance(rung, Message) else (rung.one, rung.other)
        for host in ends:
            met.setdefault(host, len(met))
        is_back = met[ends[0]] > met[ends[1]]
        left, right = ends[::-1] if is_back else ends
        if isinstance(rung, Message):
            sa = f"#{sas[rung.initiator_spi]} " if len(sas) > 1 else ""
            found.append(_message(rung, left, right, sa=sa, is_back=is_back))
        else:
            found.append(_packets(rung, left, right, is_back=is_back))
    return tuple(found)


def _sas(ladder: Ladder) -> dict[str, int]:
    """Numbers of IKE SAs, from 1 in order, by their initiators' SPIs."""
    spis = dict.fromkeys(message.initiator_spi for message in ladder.messages)
    return {spi: number for number, spi in enumerate(spis, 1)}


def _message(message: Message, left: str, right: str, *, sa: str, is_back: bool) -> Rung:
    return Rung(
        seconds=message.seconds,
        left=left,
        right=right,
        way="back" if is_back else "there",
        title=f"{sa}{message.exchange} {message.message_id} {message.kind}",
        frame=message.frame,
        size=message.size,
        words=_words(message.content),
        marks=message.marks,
    )


@lru_cache(1024)
def _words(content: str) -> tuple[Word, ...]:
    """The payloads of a message; messages of one kind have the same."""
    return tuple(Word(text, _is_error(text)) for text in content.split(" ") if text)


def _is_error(text: str) -> bool:
    name = text.strip("{}").removeprefix("N(").removesuffix(")")
    return NOTIFIES.get(name, FIRST_STATUS_NOTIFY) < FIRST_STATUS_NOTIFY


def _packets(packets: Packets, left: str, right: str, *, is_back: bool) -> Rung:
    there, back = (packets.back, packets.there) if is_back else (packets.there, packets.back)
    way = "both" if there and back else "there" if there else "back"
    counts = f"x{there}, x{back} back" if way == "both" else f"x{there or back}"
    return Rung(packets.seconds, left, right, way, f"{packets.kind} {counts}")


def print_ladder(ladder: Ladder, stream: IO[str]) -> None:
    """Write a ladder to `stream`: in colour and to its width if it is a terminal, else a line a rung."""
    width = shutil.get_terminal_size().columns if stream.isatty() else 0
    shapes = can_print_shapes(getattr(stream, "encoding", None))
    print_lines(render_ladder(ladder, width=width, shapes=shapes), stream)


def render_ladder(ladder: Ladder, *, width: int = 0, shapes: bool = True) -> Iterator[Line]:
    """The lines of a ladder, at most `width` columns where there is room for it (0: as long as need be)."""
    shown = rungs(ladder)
    arrows = _SHAPES if shapes else _PLAIN
    columns = _Columns(shown, width)
    for rung in shown:
        head = (
            Piece(f"{rung.seconds:9.3f}  ", "bright_black"),
            Piece(f"{escape_terminal(rung.left):>{columns.left}} {arrows[rung.way]} "),
            Piece(f"{escape_terminal(rung.right):<{columns.right}}  "),
            Piece(f"{escape_terminal(rung.title):<{columns.title}}", "" if rung.frame else "green"),
            Piece(f" {f'{rung.size} B':>{_SIZE_WIDTH}}  " if rung.size else ""),
        )
        first, *others = columns.wrap(_pieces(rung))
        yield (*head, *first)
        for line in others:
            yield (Piece(" " * columns.indent), *line)
    for note in ladder.notes:
        yield (Piece(f"note: {escape_terminal(note)}", "yellow"),)
    if not shown:
        yield (Piece("no IKE message and no protected packet in the capture"),)


def _pieces(rung: Rung) -> list[Piece]:
    pieces = [Piece(escape_terminal(word.text), "bold red" if word.is_error else "") for word in rung.words]
    return pieces + [Piece(f"[{escape_terminal(mark)}]", "yellow") for mark in rung.marks]


class _Columns:
    """Widths of a ladder's columns."""

    def __init__(self, shown: tuple[Rung, ...], width: int) -> None:
        self.left = max((len(escape_terminal(rung.left)) for rung in shown), default=0)
        self.right = max((len(escape_terminal(rung.right)) for rung in shown), default=0)
        self.title = max((len(escape_terminal(rung.title)) for rung in shown if rung.frame), default=0)
        # Time, arrow, size, and what separates them.
        self.indent = 11 + self.left + 5 + self.right + 2 + self.title + 1 + _SIZE_WIDTH + 2
        self._room = max(0, width - self.indent)

    def wrap(self, pieces: list[Piece]) -> list[list[Piece]]:
        """Words in lines with spaces between them; at least one line, which may be empty."""
        lines: list[list[Piece]] = [[]]
        used = 0
        for piece in pieces:
            if lines[-1] and self._room >= _LEAST_WORDS and used + 1 + len(piece.text) > self._room:
                lines.append([])
                used = 0
            if lines[-1]:
                lines[-1].append(Piece(" "))
                used += 1
            lines[-1].append(piece)
            used += len(piece.text)
        return lines

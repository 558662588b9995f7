"""What a ladder is made of."""

from __future__ import annotations

from dataclasses import dataclass

# An encrypted payload whose content is not known.
_UNKNOWN = "…"


@dataclass(frozen=True, slots=True)
class Message:
    """One IKE message, fragments (RFC 7383) taken together.

    `frame` is the first frame's number in the capture, `seconds` its time after the capture's first frame;
    `size` counts bytes of IKE, headers included, over all fragments. `payloads` are those in clear,
    in the RFC's notation; `protected` those inside of `protection` (SK or SKF; empty: none), None where they
    could not be decrypted. `via` names the hosts that passed it on, `note` says what the hub did to it.
    `path` is empty but for a message sent again between other addresses, as MOBIKE does (RFC 4555).
    """

    frame: int
    seconds: float
    sender: str
    receiver: str
    exchange: str
    message_id: int
    is_response: bool
    by_initiator: bool
    initiator_spi: str
    responder_spi: str
    size: int
    payloads: tuple[str, ...] = ()
    protection: str = ""
    protected: tuple[str, ...] | None = None
    fragments: int = 0
    of_fragments: int = 0
    is_retransmission: bool = False
    path: str = ""
    via: tuple[str, ...] = ()
    note: str = ""

    @property
    def kind(self) -> str:
        """Request or response."""
        return "response" if self.is_response else "request"

    @property
    def content(self) -> str:
        """All payloads, as the RFC writes them: ``HDR, SK {IDi, AUTH}`` without its commas and its HDR."""
        words = list(self.payloads)
        if self.protection:
            inside = _UNKNOWN if self.protected is None else " ".join(self.protected)
            words.append(f"{self.protection} {{{inside}}}")
        return " ".join(words)

    @property
    def marks(self) -> tuple[str, ...]:
        """What is special about it."""
        found = []
        if self.is_retransmission:
            found.append("retransmission")
        if self.path:
            found.append(self.path)
        if self.of_fragments:
            missing = "" if self.fragments == self.of_fragments else f"{self.fragments} of "
            found.append(f"{missing}{self.of_fragments} fragments")
        if self.via:
            found.append(f"via {', '.join(self.via)}")
        if self.note:
            found.append(self.note)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Packets:
    """Protected packets of one kind between two hosts, `after` that many messages.

    `there` were sent by `one`, `back` by `other`.
    """

    after: int
    seconds: float
    kind: str
    one: str
    other: str
    there: int
    back: int = 0


@dataclass(frozen=True, slots=True)
class SeenNotify:
    """A Notify payload: its IANA name (its number where it has none), who sent it, in which exchange."""

    name: str
    sender: str
    exchange: str

"""Whether the exchange held what the scenario is about: a notify, a payload, an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from parley.errors import InputError, LabError, MissingError
from parley.verdict import Check, CheckState
from parley.wire.ladder import find_ladder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.cell.evidence import Evidence
    from parley.wire.message import Message


def check_seen(evidence: Evidence) -> Iterator[Check]:
    """Look for everything that must be seen, in messages decrypted with the session's own keys."""
    expect = evidence.scenario.expect
    wanted = [*expect.seen, *filter(None, (expect.notify,))]
    if not wanted:
        return
    try:
        messages = find_ladder(evidence.layout).messages
    except (MissingError, InputError, LabError) as error:
        yield Check("seen on the wire", CheckState.ERROR, "", f"cannot be told: {error.args[0]}")
        return
    seen = {word for message in messages for word in _words(message)}
    sealed = sum(1 for message in messages if message.protection and message.protected is None)
    for word in wanted:
        yield _check(word, word in seen, sealed, evidence.layout.capture.name)


def _check(word: str, is_seen: bool, sealed: int, capture: str) -> Check:
    name = f"{word} on the wire"
    if is_seen:
        return Check(name, CheckState.OK)
    if sealed:
        # Absence is no proof where messages stayed closed, and a verdict without proof would be a guess.
        detail = f"not seen, but {sealed} messages could not be decrypted"
        return Check(name, CheckState.ERROR, "", detail, capture)
    return Check(name, CheckState.FAILED, "", "never sent", capture)


def _words(message: Message) -> Iterator[str]:
    yield message.exchange
    if message.protection:
        yield message.protection
    for payload in (*message.payloads, *(message.protected or ())):
        yield payload.removeprefix("N(").removesuffix(")")

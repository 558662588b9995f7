from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cell_samples import Cell
from parley.cell.seen import check_seen
from parley.errors import InputError, MissingError
from parley.wire.ladder import Ladder
from parley.wire.message import Message

if TYPE_CHECKING:
    from pathlib import Path

    from parley.verdict import Check

pytestmark = pytest.mark.usefixtures("toys")

INIT = Message(1, 0.0, "west", "east", "IKE_SA_INIT", 0, False, True, "aa", "00", 300, ("SA", "N(COOKIE)"))
AUTH = replace(
    INIT, exchange="IKE_AUTH", payloads=(), protection="SKF", protected=("IDi", "N(MOBIKE_SUPPORTED)")
)


def checks(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    *messages: Message,
    seen: tuple[str, ...] = (),
    notify: str = "",
) -> list[Check]:
    """What is said of these messages where words are expected."""
    monkeypatch.setattr("parley.cell.seen.find_ladder", lambda _: Ladder(messages))
    cell = Cell(place)
    expect = replace(cell.scenario.expect, seen=seen, notify=notify)
    cell.scenario = replace(cell.scenario, expect=expect)
    return list(check_seen(cell.evidence))


def test_where_nothing_is_expected_nothing_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.cell.seen.find_ladder", lambda _: pytest.fail("no need"))
    assert list(check_seen(Cell(tmp_path).evidence)) == []


@pytest.mark.parametrize(
    "word", ["COOKIE", "SA", "IKE_SA_INIT", "IKE_AUTH", "IDi", "MOBIKE_SUPPORTED", "SKF"]
)
def test_notifies_payloads_exchanges_and_fragments_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    (check,) = checks(tmp_path, monkeypatch, INIT, AUTH, seen=(word,))
    assert (check.name, check.state) == (f"{word} on the wire", "ok")


@pytest.mark.parametrize("word", ["COOK", "COOKIE2", "N(COOKIE)", "INVALID_KE_PAYLOAD", "cookie"])
def test_what_was_never_sent_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    (check,) = checks(tmp_path, monkeypatch, INIT, AUTH, notify=word)
    assert (check.state, check.detail, check.evidence) == ("failed", "never sent", "capture.pcapng")


def test_what_may_be_in_a_message_that_stayed_closed_is_not_denied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = replace(AUTH, protected=None)
    found = checks(tmp_path, monkeypatch, INIT, sealed, sealed, seen=("COOKIE",), notify="MOBIKE_SUPPORTED")
    assert [(check.state, check.detail) for check in found] == [
        ("ok", ""),
        ("error", "not seen, but 2 messages could not be decrypted"),
    ]


@pytest.mark.parametrize(
    "error",
    [MissingError("tshark is not there", hint="apt-get install tshark"), InputError("x", 0, "damaged")],  # type: ignore[arg-type]  # a path
)
def test_without_a_ladder_it_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def find(_layout: object) -> None:
        raise error

    checks(tmp_path, monkeypatch)
    monkeypatch.setattr("parley.cell.seen.find_ladder", find)
    cell = Cell(tmp_path)
    cell.scenario = replace(cell.scenario, expect=replace(cell.scenario.expect, seen=("COOKIE",)))
    (check,) = check_seen(cell.evidence)
    assert check.state == "error"
    assert check.detail.startswith("cannot be told: ")

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ike_messages import from_west, init_payloads, message, write_case
from parley.record.layout import RunLayout
from parley.record.results import write_json
from parley.report.html.ladder import view_ladder
from parley.report.html.write import write_report
from parley.report.ladder import print_ladder, render_ladder, rungs
from parley.report.load import load_run
from parley.wire.ladder import Ladder, record_ladder
from parley.wire.message import Message, Packets
from sample_runs import HOSTILE, result, write_run

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = Message(
    frame=7,
    seconds=1.25,
    sender="west",
    receiver="east",
    exchange="IKE_SA_INIT",
    message_id=0,
    is_response=False,
    by_initiator=True,
    initiator_spi="92e7933bf2654894",
    responder_spi="0000000000000000",
    size=732,
    payloads=("SA", "KE", "Nonce", "N(COOKIE)"),
)
REFUSAL = replace(
    REQUEST,
    frame=9,
    seconds=2.5,
    sender="east",
    receiver="west",
    exchange="IKE_AUTH",
    message_id=1,
    is_response=True,
    payloads=(),
    protection="SKF",
    protected=("IDr", "N(AUTHENTICATION_FAILED)"),
    fragments=2,
    of_fragments=3,
    is_retransmission=True,
    via=("nic",),
    note="dropped by impairment: loss",
)
LADDER = Ladder(
    messages=(REQUEST, REFUSAL),
    packets=(Packets(1, 1.5, "ESP", "east", "west", 4, 12), Packets(2, 3.0, "AH", "east", "west", 1)),
    notes=("something is odd",),
)


def lines(ladder: Ladder, *, width: int = 0, shapes: bool = True) -> list[str]:
    return [
        "".join(piece.text for piece in line) for line in render_ladder(ladder, width=width, shapes=shapes)
    ]


def test_a_ladder_in_plain_text() -> None:
    stream = io.StringIO()
    print_ladder(LADDER, stream)
    assert stream.getvalue() == (
        "    1.250  west --> east  IKE_SA_INIT 0 request   732 B  SA KE Nonce N(COOKIE)\n"
        "    1.500  west <-> east  ESP x12, x4 back\n"
        "    2.500  west <-- east  IKE_AUTH 1 response     732 B  SKF {IDr N(AUTHENTICATION_FAILED)}"
        " [retransmission] [2 of 3 fragments] [via nic] [dropped by impairment: loss]\n"
        "    3.000  west <-- east  AH x1\n"
        "note: something is odd\n"
    )


def test_arrows_where_they_can_be_printed() -> None:
    assert lines(LADDER)[0].startswith("    1.250  west ──▶ east  IKE_SA_INIT")


def test_errors_stand_out_and_status_does_not() -> None:
    first, _, refusal, *_ = render_ladder(LADDER)
    assert {piece.text for piece in refusal if piece.style == "bold red"} == {"N(AUTHENTICATION_FAILED)}"}
    assert not [piece for piece in first if piece.style == "bold red"]


@pytest.mark.parametrize("width", [90, 100, 120, 200])
def test_long_lines_are_broken_between_words(width: int) -> None:
    many = replace(REQUEST, payloads=("N(NAT_DETECTION_SOURCE_IP)",) * 9)
    shown = lines(Ladder((many,)), width=width)
    assert max(map(len, shown)) <= width
    assert "".join(shown).count("N(NAT_DETECTION_SOURCE_IP)") == 9
    assert len(lines(Ladder((many,)))) == 1


def test_on_a_very_narrow_terminal_lines_are_left_whole() -> None:
    assert len(lines(LADDER, width=40)) == len(lines(LADDER))


def test_an_empty_ladder_says_so() -> None:
    assert lines(Ladder(())) == ["no IKE message and no protected packet in the capture"]


def test_the_host_met_first_stands_left() -> None:
    shown = rungs(Ladder((replace(REQUEST, sender="road"), replace(REQUEST, sender="east", receiver="road"))))
    assert [(rung.left, rung.way, rung.right) for rung in shown] == [
        ("road", "there", "east"),
        ("road", "back", "east"),
    ]


def test_several_ike_sas_are_numbered() -> None:
    rekeyed = replace(REQUEST, initiator_spi="00000000000000ff", exchange="INFORMATIONAL")
    titles = [rung.title for rung in rungs(Ladder((REQUEST, rekeyed, REQUEST)))]
    assert titles == ["#1 IKE_SA_INIT 0 request", "#2 INFORMATIONAL 0 request", "#1 IKE_SA_INIT 0 request"]


def test_hostile_names_cannot_drive_a_terminal() -> None:
    bad = "\x1b]0;owned\x07\n\u202e,'\""
    hostile = replace(
        REFUSAL,
        sender=bad,
        receiver=bad,
        exchange=bad,
        note=bad,
        via=(bad,),
        payloads=(bad,),
        protected=(bad,),
    )
    ladder = Ladder((hostile,), (Packets(1, 1, bad, bad, bad, 1),), notes=(bad,))
    stream = io.StringIO()
    print_ladder(ladder, stream)
    text = stream.getvalue()
    assert len(text.splitlines()) == 3
    assert all(character.isprintable() for character in text.replace("\n", ""))


def test_the_page_of_a_case_shows_its_messages(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, [result("one")]))
    hostile = replace(REFUSAL, sender=HOSTILE, note=HOSTILE, protected=("N(TS_UNACCEPTABLE)", HOSTILE))
    write_json(run.case("one").ladder, replace(LADDER, messages=(REQUEST, hostile), notes=(HOSTILE,)))
    write_report(run)
    page = (tmp_path / "report" / "cases" / "one.html").read_text()
    assert "SA KE Nonce N(COOKIE)" in page
    assert '<b class="error">N(TS_UNACCEPTABLE)</b>' not in page
    assert '<b class="error">{N(TS_UNACCEPTABLE)</b>' in page
    assert '<td class="number" title="frame 7">1.250</td>' in page
    assert "ESP x12, x4 back" in page
    assert "<script>alert" not in page
    assert "\x1b" not in page


def test_a_long_ladder_is_shown_on_demand(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, [result("one")]))
    write_json(run.case("one").ladder, Ladder((REQUEST,) * 100))
    write_report(run)
    page = (tmp_path / "report" / "cases" / "one.html").read_text()
    assert "100 messages and bursts of packets</summary>" in page


def test_a_damaged_record_is_told_on_the_page(tmp_path: Path) -> None:
    run = load_run(write_run(tmp_path, [result("one")]))
    run.case("one").ladder.write_text("{")
    write_report(run)
    assert "Damaged" in (tmp_path / "report" / "cases" / "one.html").read_text()


def test_without_a_capture_or_tshark_there_is_no_ladder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = write_case(tmp_path / "case", [from_west(message(init_payloads()))])
    monkeypatch.setattr("parley.wire.tshark.shutil.which", lambda _: None)
    record_ladder(layout)
    assert view_ladder(layout) is None
    record_ladder(RunLayout(tmp_path / "nowhere").case("one"))


def test_a_recorded_ladder_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = write_case(tmp_path / "case", [])
    write_json(layout.ladder, LADDER)
    monkeypatch.setattr("parley.wire.ladder.find_ladder", None)
    record_ladder(layout)
    assert view_ladder(layout) is not None

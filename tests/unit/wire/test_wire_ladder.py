from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from ike_messages import (
    AUTH,
    CHILD,
    DELETE,
    INFORMATIONAL,
    CbcKeys,
    GcmKeys,
    auth_payloads,
    fragments,
    from_east,
    from_west,
    init_payloads,
    message,
    notify,
    protected,
    write_case,
)
from parley.errors import InputError, LabError, MissingError
from parley.wire.keys import collect_keys
from parley.wire.ladder import find_ladder, notifies, read_ladder
from parley.wire.message import Message, Packets, SeenNotify
from parley.wire.tshark import Dissection
from wire_frames import EAST, WEST, esp, ethernet, ipv4, udp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from parley.wire.keys import Keys

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

REQUEST = message(init_payloads(notify(16388), notify(16430)), spi_r=bytes(8))
RESPONSE = message(init_payloads(notify(16388)), response=True, initiator=False)
AES_GCM = pytest.param(GcmKeys(), id="AES-GCM")
AES_CBC = pytest.param(CbcKeys(), id="AES-CBC")


def contents(messages: tuple[Message, ...]) -> list[str]:
    return [f"{one.sender}>{one.receiver} {one.content}" for one in messages]


@needs_tshark
@pytest.mark.parametrize("keys", [AES_CBC, AES_GCM])
def test_what_was_protected_is_decrypted_with_the_keys_of_the_case(
    tmp_path: Path, keys: CbcKeys | GcmKeys
) -> None:
    request = protected(auth_payloads(notify(16384)), keys, exchange=AUTH, message_id=1)
    refusal = protected([notify(24)], keys, exchange=AUTH, message_id=1, response=True, initiator=False)
    frames = [from_west(REQUEST), from_east(RESPONSE), from_west(request), from_east(refusal)]
    layout = write_case(tmp_path / "case", frames, {"east": f"# keys\n{keys.row()}\n"})
    ladder = find_ladder(layout)
    assert contents(ladder.messages) == [
        "west>east SA KE Nonce N(NAT_DETECTION_SOURCE_IP) N(IKEV2_FRAGMENTATION_SUPPORTED)",
        "east>west SA KE Nonce N(NAT_DETECTION_SOURCE_IP)",
        "west>east SK {IDi AUTH SA TSi TSr N(INITIAL_CONTACT)}",
        "east>west SK {N(AUTHENTICATION_FAILED)}",
    ]
    last = ladder.messages[-1]
    assert (last.exchange, last.message_id, last.kind, last.seconds) == ("IKE_AUTH", 1, "response", 0.3)
    assert (last.size, last.frame) == (len(refusal), 4)
    assert (last.initiator_spi, last.responder_spi) == ("92e7933bf2654894", "5170d45f013298a9")
    assert notifies(layout)[-1] == SeenNotify("AUTHENTICATION_FAILED", "east", "IKE_AUTH")
    assert read_ladder(layout.ladder) == ladder


@needs_tshark
@pytest.mark.parametrize("keys", [CbcKeys(7), GcmKeys(7)])
def test_wrong_keys_show_nothing_rather_than_garbage(tmp_path: Path, keys: CbcKeys | GcmKeys) -> None:
    sent = protected([notify(24)], type(keys)(1), exchange=AUTH, message_id=1)
    layout = write_case(tmp_path / "case", [from_west(sent)], {"east": keys.row()})
    [only] = find_ladder(layout).messages
    assert (only.protected, only.content) == (None, "SK {…}")
    assert notifies(layout) == ()


@needs_tshark
def test_without_keys_only_what_is_inside_is_unknown(tmp_path: Path) -> None:
    sent = protected([(DELETE, b"\1\0\0\0")], CbcKeys(), exchange=INFORMATIONAL, message_id=2)
    [only] = find_ladder(write_case(tmp_path / "case", [from_west(sent)])).messages
    assert (only.exchange, only.content) == ("INFORMATIONAL", "SK {…}")


@needs_tshark
def test_an_empty_message_is_not_an_unknown_one(tmp_path: Path) -> None:
    empty = protected([], GcmKeys(), exchange=INFORMATIONAL, message_id=3, response=True)
    [only] = find_ladder(
        write_case(tmp_path / "case", [from_west(empty)], {"west": GcmKeys().row()})
    ).messages
    assert (only.protected, only.content) == ((), "SK {}")


@needs_tshark
@pytest.mark.parametrize("keys", [AES_CBC, AES_GCM])
def test_fragments_are_one_message_in_whatever_order_they_came(
    tmp_path: Path, keys: CbcKeys | GcmKeys
) -> None:
    parts = fragments(auth_payloads(notify(16384)), keys, 3, exchange=AUTH, message_id=1)
    # The second one is lost on its way; all are sent again.
    order = [parts[2], parts[0], *parts]
    layout = write_case(tmp_path / "case", map(from_west, order), {"west": keys.row()})
    first, again = find_ladder(layout).messages
    assert first.content == again.content == "SKF {IDi AUTH SA TSi TSr N(INITIAL_CONTACT)}"
    assert first.marks == ("2 of 3 fragments",)
    assert again.marks == ("retransmission", "3 fragments")
    assert again.size == sum(map(len, parts))
    assert [seen.name for seen in notifies(layout)] == ["INITIAL_CONTACT"]


@needs_tshark
def test_fragments_of_which_one_never_came_stay_unknown(tmp_path: Path) -> None:
    parts = fragments(auth_payloads(), GcmKeys(), 3, exchange=AUTH, message_id=1)
    layout = write_case(tmp_path / "case", map(from_west, parts[:2]), {"west": GcmKeys().row()})
    [only] = find_ladder(layout).messages
    assert (only.content, only.marks) == ("SKF {…}", ("2 of 3 fragments",))


@needs_tshark
def test_fragments_of_two_sas_with_equal_message_ids_are_not_mixed_up(tmp_path: Path) -> None:
    other = b"otherspi"
    one = fragments(auth_payloads(), GcmKeys(1), 2, exchange=AUTH, message_id=1)
    two = fragments([notify(24)] * 3, GcmKeys(5), 2, exchange=AUTH, message_id=1, spi_i=other)
    table = f"{GcmKeys(1).row()}\n{GcmKeys(5).row(other)}\n"
    frames = [from_west(one[0]), from_west(two[0]), from_west(two[1]), from_west(one[1])]
    found = find_ladder(write_case(tmp_path / "case", frames, {"west": table})).messages
    assert [each.content for each in found] == [
        "SKF {IDi AUTH SA TSi TSr}",
        "SKF {N(AUTHENTICATION_FAILED) N(AUTHENTICATION_FAILED) N(AUTHENTICATION_FAILED)}",
    ]


@needs_tshark
def test_a_first_request_with_a_cookie_is_no_retransmission(tmp_path: Path) -> None:
    # RFC 7296 section 2.6: the same SPI and message id, yet another message.
    challenge = message([notify(16390, b"c" * 32)], response=True, initiator=False, spi_r=bytes(8))
    with_cookie = message([notify(16390, b"c" * 32), *init_payloads()], spi_r=bytes(8))
    frames = [from_west(REQUEST), from_west(REQUEST), from_east(challenge), from_west(with_cookie)]
    layout = write_case(tmp_path / "case", frames)
    found = find_ladder(layout).messages
    assert [one.is_retransmission for one in found] == [False, True, False, False]
    assert [(seen.name, seen.sender) for seen in notifies(layout) if seen.name == "COOKIE"] == [
        ("COOKIE", "east"),
        ("COOKIE", "west"),
    ]


@needs_tshark
def test_unknown_numbers_are_shown_as_such(tmp_path: Path) -> None:
    odd = message([notify(40960), (200, b"?")], exchange=99, message_id=7)
    old = message([(1, bytes(8))], exchange=2, version=1)
    found = find_ladder(write_case(tmp_path / "case", [from_west(odd), from_west(old)])).messages
    assert [(one.exchange, one.content) for one in found] == [
        ("exchange 99", "N(40960) 200"),
        ("IKEv1 exchange 2", "1"),
    ]


@needs_tshark
def test_a_cut_notify_does_not_break_the_message(tmp_path: Path) -> None:
    layout = write_case(tmp_path / "case", [from_west(message([(41, b""), notify(14)]))])
    [only] = find_ladder(layout).messages
    assert only.payloads[0].startswith("N")
    assert only.payloads[-1].startswith("N")


@needs_tshark
def test_a_copy_on_the_next_segment_is_the_same_message_on_its_way(tmp_path: Path) -> None:
    def through(interface: str, source: str, data: bytes) -> tuple[str, bytes]:
        return interface, ethernet(ipv4(source, EAST, 17, udp(4500, 4500, bytes(4) + data)))

    road, nic = "nicnet/road.eth0", "internet/nic.eth1"
    back = ethernet(ipv4(EAST, "192.1.2.254", 17, udp(4500, 4500, bytes(4) + RESPONSE)))
    on = ethernet(ipv4(EAST, "192.1.3.209", 17, udp(4500, 4500, bytes(4) + RESPONSE)))
    frames = [
        through(road, "192.1.3.209", REQUEST),
        through(nic, "192.1.2.254", REQUEST),
        through(road, "192.1.3.209", REQUEST),
        through(nic, "192.1.2.254", REQUEST),
        ("internet/east.eth1", back),
        ("nicnet/nic.eth2", on),
    ]
    found = find_ladder(write_case(tmp_path / "case", frames)).messages
    assert [(one.sender, one.receiver, one.via, one.is_retransmission) for one in found] == [
        ("road", "east", ("nic",), False),
        ("road", "east", ("nic",), True),
        ("east", "road", ("nic",), False),
    ]


@needs_tshark
def test_a_message_sent_again_between_other_addresses_says_which(tmp_path: Path) -> None:
    # RFC 4555 section 3.5: a peer that moves tries the same request on its other paths.
    moved = "internet/west.eth1", ethernet(ipv4("192.1.2.46", EAST, 17, udp(500, 500, REQUEST)))
    found = find_ladder(write_case(tmp_path / "case", [from_west(REQUEST), moved, moved])).messages
    assert [one.marks for one in found] == [
        (),
        ("retransmission", "from 192.1.2.46 to 192.1.2.23"),
        ("retransmission",),
    ]


@needs_tshark
def test_what_the_hub_did_is_told(tmp_path: Path) -> None:
    comments = {0: "dropped by impairment: loss"}
    layout = write_case(tmp_path / "case", [from_west(REQUEST)] * 2, comments=comments)
    found = find_ladder(layout).messages
    assert [one.marks for one in found] == [("dropped by impairment: loss",), ("retransmission",)]


@needs_tshark
def test_a_message_in_ip_fragments_is_whole(tmp_path: Path) -> None:
    sent = message([*init_payloads(), notify(16388, b"x" * 1600)], spi_r=bytes(8))
    datagram = udp(500, 500, sent)
    frames = [
        ("internet/west.eth1", ethernet(ipv4(WEST, EAST, 17, datagram[1400:], offset=1400))),
        ("internet/west.eth1", ethernet(ipv4(WEST, EAST, 17, datagram[:1400], more=True))),
    ]
    [only] = find_ladder(write_case(tmp_path / "case", frames)).messages
    assert (only.size, only.payloads[-1]) == (len(sent), "N(NAT_DETECTION_SOURCE_IP)")


def undissected(messages: Sequence[bytes], keys: Keys) -> list[Dissection]:
    assert keys is not None
    return [Dissection()] * len(messages)


@pytest.fixture
def no_tshark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ladders without payloads, for what does not depend on them."""
    monkeypatch.setattr("parley.wire.ladder.dissect", undissected)


@pytest.mark.usefixtures("no_tshark")
def test_protected_packets_are_counted_between_the_messages(tmp_path: Path) -> None:
    def packet(source: str, destination: str, spi: int) -> tuple[str, bytes]:
        interface = "internet/west.eth1" if source == WEST else "internet/east.eth1"
        return interface, ethernet(ipv4(source, destination, 50, esp(spi)))

    keepalive = udp(4500, 4500, b"\xff")
    frames = [
        from_west(REQUEST),
        packet(WEST, EAST, 0x1001),
        packet(EAST, WEST, 0x2002),
        packet(WEST, EAST, 0x1001),
        packet(WEST, EAST, 0x1003),
        from_east(RESPONSE),
        ("internet/west.eth1", ethernet(ipv4(WEST, EAST, 17, keepalive))),
        ("internet/west.eth1", ethernet(ipv4(WEST, EAST, 17, udp(4500, 4500, esp(0x5000))))),
        ("internet/west.eth1", ethernet(ipv4(WEST, EAST, 51, bytes(4) + esp(0x6000)))),
        ("westnet/west.eth0", ethernet(ipv4(WEST, EAST, 17, udp(9, 9, b"discard")))),
    ]
    ladder = find_ladder(write_case(tmp_path / "case", frames))
    assert [rung for rung in ladder.rungs() if isinstance(rung, Packets)] == [
        Packets(1, 0.1, "ESP", "west", "east", 3, 1),
        Packets(2, 0.6, "NAT keepalive", "west", "east", 1),
        Packets(2, 0.7, "ESP-in-UDP", "west", "east", 1),
        Packets(2, 0.8, "AH", "west", "east", 1),
    ]
    assert [type(rung).__name__ for rung in ladder.rungs()][:3] == ["Message", "Packets", "Message"]


@pytest.mark.usefixtures("no_tshark")
def test_packets_that_a_router_passes_on_are_counted_once(tmp_path: Path) -> None:
    inside = ethernet(ipv4("192.1.3.209", EAST, 17, udp(4500, 4500, esp())))
    outside = ethernet(ipv4("192.1.2.254", EAST, 17, udp(4500, 4500, esp())))
    frames = [("nicnet/road.eth0", inside), ("internet/nic.eth1", outside)] * 3
    ladder = find_ladder(write_case(tmp_path / "case", frames))
    assert ladder.packets == (Packets(0, 0.0, "ESP-in-UDP", "road", "east", 3),)


@pytest.mark.usefixtures("no_tshark")
def test_a_flood_is_cut_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.wire.assemble.MESSAGE_LIMIT", 3)
    monkeypatch.setattr("parley.wire.ladder.MESSAGE_LIMIT", 3)
    flood = [from_west(message([], message_id=number)) for number in range(5)]
    ladder = find_ladder(write_case(tmp_path / "case", flood))
    assert len(ladder.messages) == 3
    assert ladder.notes == ("only the first 3 messages are shown",)


def test_a_recorded_ladder_needs_neither_tshark_nor_a_second_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = write_case(tmp_path / "case", [from_west(REQUEST)])
    with monkeypatch.context() as patched:
        patched.setattr("parley.wire.ladder.dissect", undissected)
        made = find_ladder(layout)
    monkeypatch.setattr("parley.wire.ladder.read_sightings", None)
    assert find_ladder(layout) == made


@pytest.mark.usefixtures("no_tshark")
def test_new_keys_make_a_new_ladder(tmp_path: Path) -> None:
    layout = write_case(tmp_path / "case", [from_west(REQUEST)])
    before = find_ladder(layout)
    state = layout.share / "east" / "state"
    state.mkdir(parents=True)
    (state / "ikev2_decryption_table").write_text(CbcKeys().row())
    assert find_ladder(layout).source != before.source
    assert (layout.wireshark / "ikev2_decryption_table").read_text() == f"{CbcKeys().row()}\n"


@pytest.mark.usefixtures("no_tshark")
@pytest.mark.parametrize(
    "damage", ["", "{", '{"schema": 1}', '{"schema": 99}', '{"schema": 1, "messages": [1]}']
)
def test_a_damaged_record_is_made_anew(tmp_path: Path, damage: str) -> None:
    layout = write_case(tmp_path / "case", [from_west(REQUEST)])
    layout.ladder.write_text(damage)
    assert len(find_ladder(layout).messages) == 1
    assert json.loads(layout.ladder.read_text())["messages"][0]["exchange"] == "IKE_SA_INIT"


@pytest.mark.usefixtures("no_tshark")
def test_different_keys_for_one_sa_are_told(tmp_path: Path) -> None:
    tables = {"east": CbcKeys(1).row(), "west": CbcKeys(5).row()}
    layout = write_case(tmp_path / "case", [from_west(REQUEST)], tables)
    assert collect_keys(layout).ike == (CbcKeys(1).row(),)
    assert find_ladder(layout).notes == ("the two ends told different keys for the same IKE SA (1 times)",)


@pytest.mark.parametrize("keys", [True, False])
def test_if_tshark_fails_with_the_keys_it_is_tried_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, keys: bool
) -> None:
    def fail_with_keys(messages: Sequence[bytes], used: Keys) -> list[Dissection]:
        if used.ike or not keys:
            raise LabError("tshark failed with -11: \x1b[2J")
        return undissected(messages, used)

    monkeypatch.setattr("parley.wire.ladder.dissect", fail_with_keys)
    layout = write_case(tmp_path / "case", [from_west(REQUEST)], {"west": CbcKeys().row()} if keys else {})
    if keys:
        assert find_ladder(layout).notes[0].startswith("nothing is decrypted")
    else:
        with pytest.raises(LabError, match="tshark failed"):
            find_ladder(layout)


def test_without_tshark_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.wire.tshark.shutil.which", lambda _: None)
    with pytest.raises(MissingError, match="apt install tshark"):
        notifies(write_case(tmp_path / "case", [from_west(REQUEST)]))


@pytest.mark.parametrize("content", [None, b"", b"no capture at all"])
def test_no_sound_capture_is_an_input_error(tmp_path: Path, content: bytes | None) -> None:
    layout = write_case(tmp_path / "case", [])
    layout.capture.unlink()
    if content is not None:
        layout.capture.write_bytes(content)
    with pytest.raises(InputError, match=r"capture\.pcapng"):
        find_ladder(layout)


@pytest.mark.usefixtures("no_tshark")
def test_messages_in_clear_for_another_exchange_keep_their_numbers(tmp_path: Path) -> None:
    sent = message([notify(38)], exchange=CHILD, message_id=5, initiator=False)
    [only] = find_ladder(write_case(tmp_path / "case", [from_east(sent)])).messages
    assert (only.exchange, only.message_id, only.by_initiator) == ("CREATE_CHILD_SA", 5, False)

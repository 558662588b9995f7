"""The sanitizers together, on what real tunnels printed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.transcript.console import Utterance
from parley.transcript.sanitize import Symbols, sanitize
from transcript_samples import parse_sample, sample_text, show_sample

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ["libreswan-openiked", "openiked-openiked", "strongswan-strongswan", "openbsd", "freebsd"]

SPIS = {
    "libreswan-openiked": ["7eba40da", "2a437028"],
    "strongswan-strongswan": ["c35cfb90", "cee29a48", "cf2e1909", "c3588b27"],
}
IKE_SPIS = {
    "libreswan-openiked": ["d86a53052ffa0c09", "b11ea256eb4b2188"],
    "strongswan-strongswan": [
        "d6b72622f4fa5711",
        "5e3a63008a5638b1",
        "a470bb20da33cc59",
        "c630494416abc1ac",
    ],
}


def cleaned(text: str) -> str:
    return show_sample(sanitize(parse_sample(text)))


def exchange(text: str, old: list[str], new: list[str]) -> str:
    """The text with all old values exchanged for new ones at once, also where they stand in decimal."""
    for before, after in zip(old, new, strict=True):
        text = text.replace(f"({int(before, 16)})", f"({int(after, 16)})")
    table = dict(zip(old, new, strict=True))
    return re.sub("|".join(old), lambda match: table[match[0]], text)


def hexadecimals(digits: int, count: int) -> st.SearchStrategy[list[str]]:
    numbers = st.integers(256, 16**digits - 1)
    return st.lists(numbers, min_size=count, max_size=count, unique=True).map(
        lambda values: [f"{value:0{digits}x}" for value in values]
    )


@pytest.mark.parametrize("name", NAMES)
def test_real_outputs_become_what_was_reviewed(name: str) -> None:
    assert cleaned(sample_text(name)) == sample_text(f"{name}.expected")


@pytest.mark.parametrize("name", NAMES)
def test_sanitizing_twice_changes_nothing_more(name: str) -> None:
    expected = sample_text(f"{name}.expected")
    assert cleaned(expected) == expected


@pytest.mark.parametrize("name", list(SPIS))
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_other_random_numbers_give_the_same_text(name: str, data: st.DataObject) -> None:
    text = sample_text(name)
    keys = sorted(set(re.findall(r"0x([0-9a-f]{64}(?:[0-9a-f]{64})?)\b", text)))
    text = exchange(text, SPIS[name], data.draw(hexadecimals(8, len(SPIS[name]))))
    text = exchange(text, IKE_SPIS[name], data.draw(hexadecimals(16, len(IKE_SPIS[name]))))
    numbers = data.draw(hexadecimals(16, len(keys)))
    # A key of the same length, made long by repetition.
    text = exchange(
        text, keys, [number * (len(key) // 16) for key, number in zip(keys, numbers, strict=True)]
    )
    text = re.sub(r"2026-11-24 \d\d:\d\d:\d\d", "2031-01-02 03:04:05", text)
    assert cleaned(text) == sample_text(f"{name}.expected")


def test_hosts_see_each_others_spis_and_keys() -> None:
    west, east = (
        Utterance(
            host,
            "ip xfrm state",
            f"src {a} dst {b}\n\tproto esp spi {spi} mode tunnel\n\tenc cbc(aes) {key}\n",
        )
        for host, a, b, spi, key in (
            ("west", "192.1.2.45", "192.1.2.23", "0x7eba40da", "0x0011"),
            ("east", "192.1.2.45", "192.1.2.23", "0x7eba40da", "0x0011"),
        )
    )
    shown = Utterance("east", "ikectl show sa", "  sa_childsas: 0x1 ESP 0x7eba40da in A -> B (LA)\n")
    outputs = [said.output for said in sanitize([west, east, shown])]
    assert outputs[0] == outputs[1]
    assert "spi SPI#1 " in outputs[0]
    assert "ESP SPI#1 in" in outputs[2]


NOT_NOISE = [
    ("libreswan-openiked", "cbc(aes)", "cbc(camellia)"),
    ("libreswan-openiked", "mode tunnel", "mode transport"),
    ("libreswan-openiked", "replay_window 128", "replay_window 64"),
    ("libreswan-openiked", "replay-window 32", "replay-window 0"),
    ("libreswan-openiked", "flag af-unspec", "flag"),
    ("libreswan-openiked", ", 7(packets)", ", 8(packets)"),
    ("libreswan-openiked", "d0ca6af", "d0ca6ae"),
    ("libreswan-openiked", "d0ca6af\n", "d0ca6\n"),
    ("libreswan-openiked", "9a51 256", "9a51 128"),
    ("libreswan-openiked", "<0x2a437028 xfrm", "<0x2a437029 xfrm"),
    ("libreswan-openiked", "oseq 0x7", "oseq 0x0"),
    ("libreswan-openiked", "dir out priority 1757393", "dir out priority 1757394"),
    ("libreswan-openiked", "hard 10800(sec)", "hard 3600(sec)"),
    ("libreswan-openiked", "inBytes=504", "inBytes=0"),
    ("libreswan-openiked", "ttl=64", "ttl=63"),
    ("libreswan-openiked", "4 received", "3 received"),
    ("libreswan-openiked", "seq=0x8", "seq=0x9"),
    ("libreswan-openiked", "(LA)", "(LAR)"),
    ("libreswan-openiked", "ESTABLISHED r", "CLOSING r"),
    ("libreswan-openiked", "as responder (enc aes-128-gcm", "as responder (enc aes-256-gcm"),
    ("libreswan-openiked", "{ESP=>", "{ESPinUDP=>"),
    ("strongswan-strongswan", "INSTALLED", "REKEYED"),
    ("strongswan-strongswan", "reqid 1,", "reqid 2,"),
    ("strongswan-strongswan", "AES_CBC-256", "AES_CBC-128"),
    ("strongswan-strongswan", "    336 bytes", "      0 bytes"),
    ("strongswan-strongswan", "    in  c35cfb90", "    in  cee29a48"),
    ("strongswan-strongswan", "d6b72622f4fa5711_i* ", "d6b72622f4fa5711_i "),
    ("strongswan-strongswan", "N(MOBIKE_SUP)", "N(FRAG_SUP)"),
    ("strongswan-strongswan", "(1080 bytes)", "(1092 bytes)"),
    ("openbsd", "flags 0x404<tunnel,esn>", "flags 0x4<tunnel>"),
    ("openbsd", "replay 64", "replay 0"),
    ("openbsd", "add 10800", "add 3600"),
    ("openbsd", "key_encrypt: bits 160: 0001", "key_encrypt: bits 160: 0002"),
    ("freebsd", "hard: 10800(s)", "hard: 0(s)"),
    ("freebsd", "current: 588(bytes)", "current: 0(bytes)"),
    ("freebsd", "E: aes-gcm-16", "E: aes-cbc"),
]


@pytest.mark.parametrize(("name", "old", "new"), NOT_NOISE)
def test_what_is_no_noise_is_seen(name: str, old: str, new: str) -> None:
    text = sample_text(name)
    if old not in text:
        pytest.fail(f"{old!r} does not occur in {name}")
    assert cleaned(text.replace(old, new, 1)) != sample_text(f"{name}.expected")


@pytest.mark.parametrize(
    "shuffle",
    [lambda lines: lines[::-1], lambda lines: lines[1:] + lines[:1]],
    ids=["reversed", "rotated"],
)
def test_iked_lists_sas_in_any_order(shuffle: Callable[[list[str]], list[str]]) -> None:
    def reorder(match: re.Match[str]) -> str:
        return "".join(shuffle(match[0].splitlines(keepends=True)))

    text = re.sub(
        r"(?:^iked_activesas: .*\n)+", reorder, sample_text("libreswan-openiked"), flags=re.MULTILINE
    )
    assert cleaned(text) == sample_text("libreswan-openiked.expected")


def test_commands_are_never_touched() -> None:
    command = "ip xfrm state add spi 0x7eba40da reqid 16400 enc aes 0x0011 # Tue Nov 24 10:52:08 UTC 2026"
    assert sanitize([Utterance("west", command, "")]) == [Utterance("west", command, "")]


def test_a_shared_table_keeps_symbols_between_calls() -> None:
    symbols = Symbols()
    first = Utterance("west", "ip xfrm state", "spi 0x7eba40da \n")
    second = Utterance("east", "ip xfrm state", "spi 0x2a437028 \nspi 0x7eba40da \n")
    sanitize([first], symbols)
    assert sanitize([second], symbols)[0].output == "spi SPI#2 \nspi SPI#1 \n"


@settings(max_examples=60, deadline=None)
@given(
    command=st.sampled_from([said.command for name in NAMES for said in parse_sample(sample_text(name))]),
    output=st.text(alphabet="spi 0x:af19=,@<>{}_\n\t-ESPAHin", max_size=200),
)
def test_any_output_is_taken_and_stays_settled(command: str, output: str) -> None:
    once = sanitize([Utterance("west", command, output)])[0].output
    assert not re.search("[\U000f0000-\U0010ffff]", once)

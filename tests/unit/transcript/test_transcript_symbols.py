from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.transcript.symbols import Symbols


def test_numbers_follow_appearance_and_not_the_order_of_asking() -> None:
    symbols = Symbols()
    west = symbols.at("west")
    second, first = west.spi("cee29a48"), west.spi("0xc35cfb90")
    assert symbols.number([f"in {first}", f"out {second}, in {first}"]) == ["in SPI#1", "out SPI#2, in SPI#1"]


def test_a_value_is_the_same_however_it_is_written_and_wherever() -> None:
    symbols = Symbols()
    assert symbols.at("west").spi("0xC0FFEE01") == symbols.at("east").spi("c0ffee01")
    assert symbols.at("west").key("0x0A0B") == symbols.at("east").key("0a 0b")
    assert symbols.at("west").ike_spi("0x00000000000000ff") == symbols.at("east").ike_spi("ff")


def test_values_dropped_later_take_no_number() -> None:
    symbols = Symbols()
    west = symbols.at("west")
    west.spi("11111111")
    assert symbols.number([west.spi("22222222")]) == ["SPI#1"]


def test_numbers_hold_between_calls() -> None:
    symbols = Symbols()
    west = symbols.at("west")
    symbols.number([west.spi("11111111")])
    assert symbols.number([west.spi("22222222") + west.spi("11111111")]) == ["SPI#2SPI#1"]


def test_kinds_are_numbered_apart() -> None:
    symbols = Symbols()
    west = symbols.at("west")
    text = west.spi("abcd1234") + west.cpi("1234") + west.ike_spi("abcd1234") + west.key("abcd1234")
    assert symbols.number([text]) == ["SPI#1CPI#1IKESPI#1KEY#1(32 bits)"]


def test_values_with_a_meaning_of_their_own_stay() -> None:
    west = Symbols().at("west")
    assert west.spi("0x00000000") == "0x00000000"
    assert west.spi("0x000000ff") == "0x000000ff"
    assert west.cpi("0x2") == "0x2"
    assert west.ike_spi("0x0000000000000000") == "0x0000000000000000"
    assert west.reqid("16383") == "16383"


def test_request_ids_belong_to_one_host() -> None:
    symbols = Symbols()
    west, east = symbols.at("west"), symbols.at("east")
    assert symbols.number([west.reqid("16389") + east.reqid("16389") + west.reqid("16389")]) == [
        "REQID#1REQID#2REQID#1"
    ]


def test_a_guest_that_prints_endless_values_breaks_nothing() -> None:
    symbols = Symbols()
    west = symbols.at("west")
    names = [west.spi(f"{number:08x}") for number in range(0x1000, 0x1000 + 140_000)]
    numbered = symbols.number(names)
    assert numbered[0] == "SPI#1"
    assert numbered[-1] == "SPI#?"


@given(st.lists(st.integers(256, 2**32 - 1)))
def test_symbols_are_equal_exactly_when_values_are(values: list[int]) -> None:
    symbols = Symbols()
    numbered = symbols.number(symbols.at("west").spi(f"{value:08x}") for value in values)
    pairs = zip(values, numbered, strict=True)
    assert len(set(pairs)) == len(set(values)) == len(set(numbered))

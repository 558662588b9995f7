from __future__ import annotations

import pytest

from parley.lab.topology import NETWORK
from parley.wire.impair import parse_impairment
from parley.wire.inside import impair_commands

INTERFACES = [*NETWORK.host("east").interfaces, *NETWORK.host("west").interfaces]


def commands(text: str) -> str:
    return impair_commands(parse_impairment(text), INTERFACES)


def test_an_impairment_of_a_segment_is_for_all_who_send_on_it_and_nobody_else() -> None:
    said = commands("internet:loss=10%")
    assert "dev i-east-eth1" in said
    assert "dev i-west-eth1" in said
    assert "eth0" not in said


def test_an_impairment_of_one_sender_is_for_that_one() -> None:
    said = commands("internet/west:loss=10%")
    assert "i-west-eth1" in said
    assert "i-east-eth1" not in said


@pytest.mark.parametrize(
    ("knob", "words"),
    [
        ("loss=10%", "loss 10%"),
        ("delay=50ms,jitter=5ms", "delay 50000us 5000us"),
        ("duplicate=2%", "duplicate 2%"),
        ("reorder=25%", "delay 10000us reorder 25%"),
        ("rate=2mbit", "limit 43 rate 2000000bit"),
        ("mtu=1400", 'basic match "meta(pkt_len gt 1414)" flowid 3:2'),
        (
            "partition=10s@5s",
            "sleep 5; tc qdisc replace dev i-west-eth1 parent 1:2 handle 2: netem loss 100%",
        ),
        ("loss=50%,only=ike", "match ip dport 500 0xffff flowid 1:2"),
        ("loss=50%,only=esp", "match ip protocol 50 0xff flowid 1:2"),
    ],
)
def test_each_knob_is_said_in_words_of_tc(knob: str, words: str) -> None:
    assert words in commands(f"internet/west:{knob}")


def test_seeds_differ_by_sender_and_repeat() -> None:
    lines = [line for line in commands("internet:loss=10%,seed=7").splitlines() if " seed " in line]
    seeds = [line.partition(" seed ")[2] for line in lines]
    assert len(set(seeds)) == 2
    assert commands("internet:loss=10%,seed=7") == commands("internet:loss=10%,seed=7")
    assert commands("internet:loss=10%,seed=7") != commands("internet:loss=10%,seed=8")


def test_esp_in_udp_is_esp_and_ike_in_udp_is_not() -> None:
    lines = commands("internet/west:loss=50%,only=esp").splitlines()
    spared = next(i for i, line in enumerate(lines) if "dport 4500" in line and "flowid 1:1" in line)
    impaired = next(i for i, line in enumerate(lines) if "dport 4500" in line and "flowid 1:2" in line)
    assert "match u32 0 0xffffffff at 28" in lines[spared]
    assert spared < impaired


def test_a_segment_without_hosts_is_left_alone() -> None:
    assert commands("northnet:loss=10%") == "true"

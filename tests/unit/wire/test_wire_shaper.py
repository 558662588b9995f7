from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.wire.impair import Impairment
from parley.wire.shaper import REORDER_PATIENCE, ImpairmentCounters, Shaper
from wire_frames import EAST, ECHO, WEST, esp, ethernet, ike, ipv4, ipv6, udp

IKE = ethernet(ipv4(WEST, EAST, 17, udp(500, 500, ike())))
ESP = ethernet(ipv4(WEST, EAST, 50, esp()))
PING = ethernet(ipv4(WEST, EAST, 1, ECHO))
ARP = ethernet(b"\0\1\x08\0", ethertype=0x0806)
NEIGHBOUR = ethernet(ipv6("fe80::1", "ff02::1", 58, b"\x88" + bytes(23)), ethertype=0x86DD)

PASSED = ""


def shaper(sender: str = "internet/east.eth1", started: float = 0.0, **knobs: Any) -> Shaper:
    return Shaper(Impairment(segment="internet", **knobs), sender, started, ImpairmentCounters())


def numbered(count: int, size: int = 100) -> list[bytes]:
    return [number.to_bytes(4) + bytes(size - 4) for number in range(count)]


def run(tested: Shaper, frames: list[bytes], gap: float = 0.0) -> list[tuple[float, bytes]]:
    """Send frames `gap` seconds apart; return when each came out, in order."""
    out = []
    for index, frame in enumerate(frames):
        while (due := tested.next_due) is not None and due <= index * gap:
            out += [(due, each) for each in tested.due(due)]
        tested.admit(frame, index * gap)
    while (due := tested.next_due) is not None:
        out += [(due, each) for each in tested.due(due)]
    return out


def test_without_knobs_everything_passes_at_once_in_order() -> None:
    frames = numbered(20)
    assert run(shaper(), frames, gap=1.0) == [(float(index), frame) for index, frame in enumerate(frames)]


def test_loss_repeats_with_its_seed_and_differs_between_seeds_and_senders() -> None:
    def fate(**options: Any) -> list[str]:
        tested = shaper(loss=0.3, **options)
        return [tested.admit(frame, 0.0) for frame in numbered(400)]

    assert fate(seed=7) == fate(seed=7)
    assert fate(seed=7) != fate(seed=8)
    assert fate(seed=7) != fate(seed=7, sender="internet/west.eth1")
    assert set(fate()) == {PASSED, "dropped by impairment: loss"}
    assert 80 < fate().count("dropped by impairment: loss") < 160


def test_decisions_do_not_depend_on_other_knobs_or_on_time() -> None:
    plain, busy = shaper(loss=0.3), shaper(loss=0.3, delay=1.0, jitter=0.5, duplicate=0.5, reorder=0.5)

    def losses(tested: Shaper, gap: float) -> list[bool]:
        fates = [tested.admit(frame, index * gap) for index, frame in enumerate(numbered(200))]
        return [fate.startswith("dropped") for fate in fates]

    assert losses(plain, 0.0) == losses(busy, 0.7)


def test_knobs_do_not_throw_the_same_dice() -> None:
    tested = shaper(loss=0.5, duplicate=0.5)
    run(tested, numbered(100))
    assert tested.counters.duplicated > 0


def test_loss_of_everything_and_of_nothing() -> None:
    assert run(shaper(loss=1.0), numbered(50)) == []
    assert len(run(shaper(loss=0.0), numbered(50))) == 50


def test_delay_is_exact_and_keeps_order() -> None:
    tested = shaper(delay=0.05)
    assert tested.admit(PING, 1.0) == PASSED
    assert tested.next_due == 1.05
    assert tested.due(1.049) == []
    assert tested.due(1.05) == [PING]
    assert tested.next_due is None
    assert tested.counters.delayed == 1


@given(seed=st.integers(0, 1000), gap=st.floats(0, 0.1))
def test_jitter_stays_within_bounds_and_never_reorders(seed: int, gap: float) -> None:
    frames = numbered(30)
    out = run(shaper(delay=0.05, jitter=0.05, seed=seed), frames, gap)
    assert [frame for _, frame in out] == frames
    assert all(0 <= time - index * gap <= 0.1 + 1e-9 for index, (time, _) in enumerate(out))


def test_duplicates_come_out_twice() -> None:
    tested = shaper(duplicate=1.0)
    assert tested.admit(PING, 0.0) == "duplicated by impairment"
    assert tested.due(0.0) == [PING, PING]
    assert tested.counters.duplicated == 1


def test_a_reordered_frame_is_overtaken_by_exactly_the_next_one() -> None:
    first, second, third = numbered(3)
    tested = shaper(reorder=1.0)
    assert tested.admit(first, 0.0) == "reordered by impairment"
    assert tested.due(0.0) == []
    assert tested.admit(second, 0.01) == PASSED
    assert tested.due(0.01) == [second, first]
    assert tested.admit(third, 0.02) == "reordered by impairment"
    assert tested.counters.reordered == 2


def test_a_reordered_frame_that_nothing_follows_arrives_late() -> None:
    tested = shaper(reorder=1.0, delay=0.05)
    tested.admit(PING, 0.0)
    assert tested.next_due == pytest.approx(0.05 + REORDER_PATIENCE)
    assert tested.due(0.05) == []
    assert tested.due(1.0) == [PING]
    assert tested.next_due is None


@given(seed=st.integers(0, 1000), gap=st.floats(0, 0.2))
def test_nothing_is_lost_or_made_unless_asked(seed: int, gap: float) -> None:
    frames = numbered(40)
    out = run(shaper(reorder=0.3, delay=0.05, jitter=0.02, seed=seed), frames, gap)
    assert sorted(frame for _, frame in out) == frames


def test_mtu_is_that_of_the_ip_packet() -> None:
    tested = shaper(mtu=1400)
    assert tested.admit(bytes(1414), 0.0) == PASSED
    assert tested.admit(bytes(1415), 0.0) == "dropped by impairment: mtu"
    assert tested.counters.oversized == 1


def test_rate_spaces_frames_and_its_queue_is_bounded() -> None:
    tested = shaper(rate=8000.0, queue=3000)
    fates = [tested.admit(frame, 0.0) for frame in numbered(5, size=1000)]
    assert fates == [PASSED] * 3 + ["dropped by impairment: rate"] * 2
    times = []
    while (due := tested.next_due) is not None:
        times += [due] * len(tested.due(due))
    assert times == [1.0, 2.0, 3.0]
    assert tested.admit(bytes(1000), 3.0) == PASSED
    assert tested.next_due == 4.0


def test_burst_passes_at_once_and_is_earned_back() -> None:
    tested = shaper(rate=8000.0, burst=2000)
    for frame in numbered(3, size=1000):
        tested.admit(frame, 10.0)
    assert len(tested.due(10.0)) == 2
    assert tested.next_due == 11.0
    tested.due(11.0)
    tested.admit(bytes(1000), 12.0)
    assert len(tested.due(12.0)) == 1


def test_a_burst_does_not_count_as_waiting() -> None:
    tested = shaper(rate=8000.0, burst=2000, queue=500)
    fates = [tested.admit(frame, 0.0) for frame in numbered(3, size=1000)]
    assert fates == [PASSED, PASSED, "dropped by impairment: rate"]


def test_partition_lasts_for_its_time() -> None:
    tested = shaper(started=100.0, partition=10.0, partition_start=5.0)
    fates = [tested.admit(PING, time) for time in (104.9, 105.0, 114.9, 115.0)]
    assert fates == [PASSED, *["dropped by impairment: partition"] * 2, PASSED]
    assert tested.counters.partitioned == 2


@pytest.mark.parametrize(
    ("only", "hit"),
    [("ike", [IKE]), ("esp", [ESP]), ("ip", [IKE, ESP, PING]), ("", [IKE, ESP, PING, ARP, NEIGHBOUR])],
)
def test_only_picks_its_traffic(only: str, hit: list[bytes]) -> None:
    tested = shaper(loss=1.0, only=only)
    frames = [IKE, ESP, PING, ARP, NEIGHBOUR]
    assert [frame for frame in frames if tested.admit(frame, 0.0)] == hit
    assert tested.counters.matched == len(hit)


def test_other_traffic_neither_waits_nor_disturbs_the_decisions() -> None:
    alone, mixed = shaper(loss=0.5, delay=1.0, only="ike"), shaper(loss=0.5, delay=1.0, only="ike")
    fates = []
    for _ in range(100):
        mixed.admit(NEIGHBOUR, 0.0)
        fates.append(mixed.admit(IKE, 0.0))
    assert fates == [alone.admit(IKE, 0.0) for _ in range(100)]
    assert mixed.due(0.0) == [NEIGHBOUR] * 100

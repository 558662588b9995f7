"""Virtual time on a real lab kernel: what passes, what stands still, and wires as bad as asked for."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.image.kernel_features import SEED
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan
from parley.lab.shared import FEATURE, SharedLab
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.record.layout import CaseLayout
from parley.wire.capture import PcapngReader
from parley.wire.impair import parse_impairment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from parley.image.ensure import Ready
    from parley.lab.host import Host

pytestmark = pytest.mark.lab

EAST = "192.1.2.23"


def place(directory: Path) -> CaseLayout:
    """An empty case that nobody, as whom kernels run, can reach."""
    for each in directory.parents[:-1]:
        if each.stat().st_uid == os.geteuid():
            each.chmod(each.stat().st_mode | 0o011)
    layout = CaseLayout(directory)
    layout.root.mkdir()
    jail = Jail(layout.share)
    jail.create()
    jail.make_directory("testing")
    return layout


@pytest.fixture
def layout(tmp_path: Path) -> CaseLayout:
    return place(tmp_path / "case")


@contextmanager
def lab_in(layout: CaseLayout, ready: Ready, *impairments: str, seed: str = "") -> Iterator[SharedLab]:
    if FEATURE not in ready.kernel.features:
        pytest.skip("no lab kernel here: parley kernel build")
    plans = tuple(
        HostPlan(HostSpec(name), Debian(), UmlBackend(), ready.images[image], ready.kernel)
        for name, image in (("west", "libreswan"), ("east", "openiked"))
    )
    parsed = [parse_impairment(text) for text in impairments]
    with SharedLab(layout, plans, NETWORK, impairments=parsed, seed=seed) as lab:
        yield lab


def now(host: Host) -> float:
    """Nanoseconds since the kernel's boot, as seconds."""
    return float(host.run("cat /proc/uptime").check().output.split()[0])


def round_trips(host: Host, count: int, *, size: int = 56) -> list[float]:
    """Milliseconds of each echo that came back."""
    output = host.run(f"ping -n -c {count} -i 0.2 -W 1 -s {size} {EAST}").output
    return [float(value) for value in re.findall(r"time=([\d.]+) ms", output)]


def test_idle_hours_pass_at_once_and_for_all_hosts(layout: CaseLayout, ready: Ready) -> None:
    with lab_in(layout, ready) as lab:
        east, west = lab.hosts["east"], lab.hosts["west"]
        before = now(east)
        west.run("sleep 28800").check()
        assert 28800 <= now(east) - before < 28801


def test_no_time_passes_between_orders_while_timers_run(layout: CaseLayout, ready: Ready) -> None:
    with lab_in(layout, ready) as lab:
        east, west = lab.hosts["east"], lab.hosts["west"]
        west.run("(while sleep 0.1; do :; done) >/dev/null 2>&1 &").check()
        assert len({now(host) for _ in range(5) for host in (east, west)}) == 1


def test_a_step_takes_its_time(layout: CaseLayout, ready: Ready) -> None:
    with lab_in(layout, ready) as lab:
        west = lab.hosts["west"]
        before = now(west)
        assert lab.hosts["east"].play(0, "sleep 3600; exit 3", 30) == 3
        assert 3600 <= now(west) - before < 3601


def test_hosts_are_apart_and_the_capture_says_who_sent(layout: CaseLayout, ready: Ready) -> None:
    with lab_in(layout, ready) as lab:
        west = lab.hosts["west"]
        assert west.run("hostname; ls /proc | grep -cx '[0-9]*'").check().output.startswith("west\n")
        assert west.run("pgrep tcpdump").status == 1
        assert len(round_trips(west, 2)) == 2
    frames = [each for each in PcapngReader(layout.capture) if each.data[12:14] == b"\x08\x00"]
    assert [each.interface for each in frames] == ["internet/west.eth1", "internet/east.eth1"] * 2


def test_wires_are_as_bad_as_asked_for(layout: CaseLayout, ready: Ready) -> None:
    with lab_in(layout, ready, "internet/west:delay=250ms") as lab:
        west = lab.hosts["west"]
        # The first one waits for the answer to "who has this address?" too, and the second behind it.
        assert [round(each) for each in round_trips(west, 4)][2:] == [250, 250]
        lab.impair(parse_impairment("internet:mtu=1000"))
        assert len(round_trips(west, 2)) == 2
        assert round_trips(west, 2, size=1200) == []
        lab.impair(parse_impairment("internet:mtu=1000,only=ike"))
        assert len(round_trips(west, 2, size=1200)) == 2, "what is no IKE may be larger"
        lab.impair(parse_impairment("internet:loss=50%,seed=3"))
        assert 0 < len(round_trips(west, 30)) < 20
        lab.impair(parse_impairment("internet:loss=100%,only=ike"))
        assert len(round_trips(west, 2)) == 2
        lab.impair(parse_impairment("internet:partition=600s"))
        assert round_trips(west, 2) == []
        west.run("sleep 600").check()
        assert len(round_trips(west, 2)) == 2


def test_the_same_seed_loses_the_same_frames(tmp_path: Path, ready: Ready) -> None:
    seen = []
    for number in range(2):
        with lab_in(place(tmp_path / f"case{number}"), ready) as lab:
            west = lab.hosts["west"]
            # By then hosts have said which multicast groups they are in, at moments of their own choice.
            west.run("sleep 100").check()
            lab.impair(parse_impairment("internet:loss=30%,seed=7"))
            output = west.run(f"ping -n -c 20 -i 0.2 -W 1 {EAST}").output
            seen.append(re.findall(r"icmp_seq=(\d+)", output))
    assert seen[0] == seen[1]
    assert 0 < len(seen[0]) < 20


# What a host draws: from the device, by the system call, a program's own seeded with time and process number.
DRAWS = "od -An -tx1 -N8 /dev/urandom; mktemp -u; bash -c 'echo $RANDOM $$'; cat /proc/sys/kernel/random/uuid"


def chances(layout: CaseLayout, ready: Ready, seed: str) -> tuple[list[str], list[tuple[int, bytes]]]:
    """What both hosts draw at one moment, and all that was on the wire with its time."""
    with lab_in(layout, ready, seed=seed) as lab:
        hosts = lab.hosts.values()
        with lab.at_once():
            tickets = [(host, host.start(f"ping -n -c 3 -i 7 {EAST} >/dev/null; {DRAWS}")) for host in hosts]
        drawn = [host.finish(ticket, 60).output for host, ticket in tickets]
    return drawn, [(frame.time_ns, frame.data) for frame in PcapngReader(layout.capture)]


def test_with_one_seed_two_runs_are_the_same_and_with_another_they_are_not(
    tmp_path: Path, ready: Ready
) -> None:
    if SEED not in ready.kernel.features:
        pytest.skip("no lab kernel with a seed here: parley kernel build")
    one, again, other = (
        chances(place(tmp_path / f"case{number}"), ready, seed) for number, seed in enumerate("112")
    )
    assert one == again
    assert one[0][0] != one[0][1]
    assert not set(one[0]) & set(other[0])

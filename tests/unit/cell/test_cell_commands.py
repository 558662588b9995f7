from __future__ import annotations

import os
import subprocess
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING

import pytest

from parley.cell.commands import (
    add_addresses,
    flow,
    guard,
    map_ports,
    ping,
    set_clock,
    translate,
    unguard,
)

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = IPv4Network("192.0.1.0/24"), IPv4Network("192.0.2.0/24")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A directory of programs that stands first on the PATH: each writes down how it was called."""
    for name in ("ip", "tc"):
        (tmp_path / name).write_text(
            f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/calls\ncat >>{tmp_path}/calls\n'
        )
        (tmp_path / name).chmod(0o755)
    return tmp_path


def played(command: str, tools: Path) -> str:
    """What a command prints, run by sh with the tools."""
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    run = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env=environment, timeout=20, check=True
    )
    return run.stdout


def calls(tools: Path) -> list[str]:
    return (tools / "calls").read_text().splitlines()


def test_a_guard_blocks_echoes_both_ways_in_every_direction(tools: Path) -> None:
    played(guard([(ONE, OTHER)]), tools)
    first, *policies = calls(tools)
    assert first == "ip -batch -"
    assert len(policies) == 2 * 3
    assert all(policy.endswith("priority 4000000000 action block") for policy in policies)
    assert {policy.split()[4] for policy in policies} == {str(ONE), str(OTHER)}
    assert all(" proto icmp dir " in policy for policy in policies)


def test_a_guard_leaves_neighbour_discovery_alone(tools: Path) -> None:
    played(guard([(IPv6Network("2001:db8:1::/64"), IPv6Network("2001:db8:2::/64"))]), tools)
    policies = calls(tools)[1:]
    assert len(policies) == 2 * 2 * 3
    assert {policy.partition(" type ")[2].split()[0] for policy in policies} == {"128", "129"}


LISTING = """\
src 192.0.1.0/24 dst 192.0.2.0/24
\tdir out priority 375423 ptype main
\ttmpl src 192.1.2.45 dst 192.1.2.23
\t\tproto esp reqid 1 mode tunnel
src 192.0.2.0/24 dst 192.0.1.0/24 proto icmp
\tdir fwd action block priority 4000000000 ptype main
src ::/0 dst ::/0 proto ipv6-icmp type 128
\tdir in action block priority 4000000000 ptype main
src 192.0.9.0/24 dst 192.0.8.0/24
\tdir in action block priority 7 ptype main
"""


def test_taking_a_guard_away_takes_nothing_else(tools: Path) -> None:
    (tools / "listing").write_text(LISTING)
    (tools / "ip").write_text(
        f'#!/bin/sh\nif [ "$1" = xfrm ]; then cat {tools}/listing; else cat >>{tools}/calls; fi\n'
    )
    played(unguard(), tools)
    assert calls(tools) == [
        "xfrm policy delete src 192.0.2.0/24 dst 192.0.1.0/24 proto icmp dir fwd",
        "xfrm policy delete src ::/0 dst ::/0 proto ipv6-icmp type 128 dir in",
    ]


def test_addresses_are_a_hosts_own_only(tools: Path) -> None:
    played(add_addresses([ip_address("192.0.11.254"), ip_address("2001:db8::1")], "eth0"), tools)
    assert calls(tools)[1:] == [
        "address add 192.0.11.254/32 dev eth0",
        "address add 2001:db8::1/128 dev eth0",
    ]


def ping_that(tools: Path, answer: str) -> None:
    (tools / "ping").write_text(f'#!/bin/sh\necho "$*" >>{tools}/calls\n{answer}\n')
    (tools / "ping").chmod(0o755)


def test_every_pair_is_pinged_in_every_size(tools: Path) -> None:
    ping_that(tools, "exit 0")
    command = ping([("192.0.1.254", "192.0.2.254"), ("", "192.0.2.254")], seconds=0.5, sizes=(56, 3000))
    assert sorted(played(command, tools).splitlines()) == [
        "- 192.0.2.254 3000 up",
        "- 192.0.2.254 56 up",
        "192.0.1.254 192.0.2.254 3000 up",
        "192.0.1.254 192.0.2.254 56 up",
    ]
    assert sorted(calls(tools)) == [
        "-n -q -c 1 -W 0.5 -s 3000 -I 192.0.1.254 192.0.2.254",
        "-n -q -c 1 -W 0.5 -s 3000 192.0.2.254",
        "-n -q -c 1 -W 0.5 -s 56 -I 192.0.1.254 192.0.2.254",
        "-n -q -c 1 -W 0.5 -s 56 192.0.2.254",
    ]


def test_an_echo_that_does_not_come_back_is_down(tools: Path) -> None:
    ping_that(tools, "case $* in *3000*) exit 1 ;; esac")
    told = played(ping([("192.0.1.254", "192.0.2.254")], seconds=1, sizes=(56, 3000)), tools)
    assert sorted(told.splitlines()) == ["192.0.1.254 192.0.2.254 3000 down", "192.0.1.254 192.0.2.254 56 up"]


@pytest.mark.parametrize(("both", "lines"), [(False, 3), (True, 6)])
def test_a_router_translates_one_side_or_both(tools: Path, both: bool, lines: int) -> None:
    played(translate("192.1.3.209", both=both), tools)
    first, *rules = calls(tools)
    assert first == "tc -batch -"
    assert len(rules) == lines
    assert "action nat egress 192.1.3.209/32 192.1.2.254" in rules[1]
    assert any("192.1.3.254" in rule for rule in rules) is both


PING = """#!/bin/sh
echo "[1795531886.107302] 64 bytes from 192.0.2.254: icmp_seq=1 ttl=64 time=0.1 ms"
echo "[1795531887.107302] no answer yet for icmp_seq=2"
echo "3 packets transmitted, 2 received, 33.3333% packet loss, time 2003ms"
echo "$*" >&3
"""


def test_a_flow_tells_what_was_sent_what_came_and_what_was_late(tools: Path) -> None:
    (tools / "ping").write_text(PING.replace(">&3", f">>{tools}/pings"))
    (tools / "ping").chmod(0o755)
    text = flow([("192.0.1.254", "192.0.2.254"), ("", "2001:db8::1")], seconds=30, every=10, size=1300)
    lines = sorted(played(text, tools).splitlines())
    assert lines == [
        "- 2001:db8::1 sent 3 received 2",
        "192.0.1.254 192.0.2.254 sent 3 received 2",
        "[1795531887.107302] 192.0.2.254 unanswered: 2",
        "[1795531887.107302] 2001:db8::1 unanswered: 2",
    ]
    assert sorted((tools / "pings").read_text().splitlines()) == [
        "-n -O -D -c 3 -i 10 -W 3 -s 1300 -I 192.0.1.254 192.0.2.254",
        "-n -O -D -c 3 -i 10 -W 3 -s 1300 2001:db8::1",
    ]


@pytest.mark.parametrize("shift", [86400.0, -3600.0])
def test_a_clock_is_set_from_where_it_is(tools: Path, shift: float) -> None:
    (tools / "date").write_text(f'#!/bin/sh\n[ "$1" = +%s ] && echo 1000000 || echo "$*" >>{tools}/calls\n')
    (tools / "date").chmod(0o755)
    played(set_clock(shift), tools)
    assert calls(tools) == [f"-s @{1000000 + round(shift)}"]


def test_a_nat_that_maps_ports_lets_nothing_in_unasked(tools: Path) -> None:
    (tools / "nft").write_text(f'#!/bin/sh\necho "nft $*" >>{tools}/calls; cat >>{tools}/calls; exit 1\n')
    (tools / "nft").chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError):
        played(map_ports(60), tools)
    heard = calls(tools)
    assert heard[:2] == ["nft -f -", "table ip parley {"]
    assert any("masquerade fully-random" in line for line in heard)
    assert any("ct state new drop" in line for line in heard)

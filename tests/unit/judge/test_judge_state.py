from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cell_samples import shown
from parley.errors import LabError
from parley.judge.state import check_routes, check_state
from parley.lab.jail import Jail

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("xfrm-state.left", "xfrm-policy.left", "cores", "unstoppable", "dmesg")
SA = """\
src 192.1.2.45 dst 192.1.2.23
\tproto esp spi 0xcb1321c5 reqid 1 mode tunnel
\taead rfc4106(gcm(aes)) 0xe7b88ddf6c84b63c713240639d3c88ef1309d716 128
"""
SOCKET = "src 0.0.0.0/0 dst 0.0.0.0/0 \n\tsocket in priority 0 ptype main \n"
SOCKET_BY_NUMBER = "src ::/0 dst ::/0 \n\tdir 3 priority 0 ptype main \n"


@pytest.fixture
def jail(tmp_path: Path) -> Jail:
    """The share of a host that is left with nothing."""
    for name in FILES:
        write(tmp_path, name, "")
    return Jail(tmp_path)


def write(share: Path, name: str, text: str | bytes) -> None:
    path = share / "east/state" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def complaints(jail: Jail) -> list[str]:
    return shown(list(check_state(jail, "east")))


def test_a_host_that_is_left_with_nothing_is_fine(jail: Jail) -> None:
    checks = list(check_state(jail, "east"))
    assert [check.name for check in checks] == [
        *("no SA left", "no policy left", "no core file", "daemons stop", "kernel quiet")
    ]
    assert shown(checks) == []


@pytest.mark.parametrize("name", FILES)
def test_what_was_not_collected_is_an_error_and_no_proof(jail: Jail, name: str) -> None:
    (jail.root / "east/state" / name).unlink()
    (check,) = [check for check in check_state(jail, "east") if check.state != "ok"]
    assert (check.state, check.detail) == ("error", "was not collected")
    assert check.evidence == f"share/east/state/{name}"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        (
            "xfrm-state.left",
            SA,
            "no SA left [east]: 1 left after all daemons ended: src 192.1.2.45 dst 192.1.2.23",
        ),
        ("xfrm-state.left", SA * 3, "no SA left [east]: 3 left after all daemons ended: src"),
        (
            "xfrm-policy.left",
            SOCKET + SA,
            "no policy left [east]: 1 left after all daemons ended: src 192.1.2",
        ),
        ("cores", "pluto.42\ncharon.7\n", "no core file [east]: core files: pluto.42, charon.7"),
        ("cores", "pluto.42", "no core file [east]: core files: pluto.42"),
        ("unstoppable", "42 iked\n", "daemons stop [east]: still running after SIGTERM: 42 iked"),
        ("dmesg", "[ 1.0] fine\n[ 2.0] Call Trace:\n", "kernel quiet [east]: [ 2.0] Call Trace:"),
        ("dmesg", "[ 2.0] ------------[ cut here ]------------\n", "kernel quiet [east]: [ 2.0] -----"),
        ("dmesg", "[ 2.0] BUG: unable to handle page fault", "kernel quiet [east]: [ 2.0] BUG:"),
        ("dmesg", "[ 2.0] WARNING: CPU: 0 PID: 1 at net/xfrm", "kernel quiet [east]: [ 2.0] WARNING: CPU"),
        ("dmesg", "[ 8.4] Unexpectedly lost MM child! Affected", "kernel quiet [east]: [ 8.4] Unexpectedly"),
        ("dmesg", "[ 2.0] pluto[42]: segfault at 10 ip 4a", "kernel quiet [east]: [ 2.0] pluto[42]"),
        ("dmesg", "[ 2.0] Oops: 0000 [#1]", "kernel quiet [east]: [ 2.0] Oops"),
    ],
)
def test_what_is_left_is_found(jail: Jail, name: str, text: str, complaint: str) -> None:
    write(jail.root, name, text)
    (line,) = complaints(jail)
    assert line.startswith(complaint)


def test_a_reserved_spi_is_no_sa_and_is_told(jail: Jail) -> None:
    larval = "src 192.1.2.23 dst 192.1.2.45\n\tproto esp spi 0x8f0821a4 reqid 0 mode transport\n"
    write(jail.root, "xfrm-state.left", larval)
    (check,) = [check for check in check_state(jail, "east") if check.state != "ok"]
    assert (check.state, check.name) == ("warning", "no SA left")
    write(jail.root, "xfrm-state.left", larval + SA)
    (line,) = complaints(jail)
    assert line.startswith("no SA left [east]: 1 left")


@pytest.mark.parametrize("text", [SOCKET, SOCKET + SOCKET_BY_NUMBER, "\n\n"])
def test_policies_of_sockets_are_not_left_behind(jail: Jail, text: str) -> None:
    write(jail.root, "xfrm-policy.left", text)
    assert complaints(jail) == []


def test_a_quiet_kernel_may_speak(jail: Jail) -> None:
    write(jail.root, "dmesg", "[ 0.1] PFKEY is deprecated\n[ 0.2] WARNING: no certificates found\n")
    assert complaints(jail) == []


def test_keys_of_what_is_left_are_not_shown(jail: Jail) -> None:
    write(jail.root, "xfrm-state.left", SA)
    assert "e7b88ddf" not in repr(list(check_state(jail, "east")))


def test_a_fifo_that_a_guest_planted_is_a_lab_error(jail: Jail) -> None:
    path = jail.root / "east/state/cores"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(LabError, match="a guest replaced it"):
        complaints(jail)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FILES), st.binary(max_size=200))
def test_nothing_that_a_guest_leaves_raises(jail: Jail, name: str, data: bytes) -> None:
    before = (jail.root / "east/state" / name).read_bytes()
    write(jail.root, name, data)
    assert len(list(check_state(jail, "east"))) == 5
    write(jail.root, name, before)


ROUTES = """\
default via 192.1.2.254 dev eth1
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.254
local ::1 dev lo table local proto kernel metric 0 pref medium
2001:db8:0:1::/64 via 2001:db8:1:2::45 dev eth1 metric 1024 pref medium
"""
OWN = ("default via 192.1.2.254", "2001:db8:0:1::/64 via 2001:db8:1:2::45")


def test_routes_of_the_kernel_and_the_lab_may_stay(jail: Jail) -> None:
    write(jail.root, "routes.left", ROUTES)
    assert check_routes(jail, "east", OWN).state == "ok"


@pytest.mark.parametrize(
    "route",
    [
        "192.0.1.0/24 via 192.1.2.45 dev eth1 table 220 proto static src 192.0.2.254",
        "198.51.100.0/24 dev eth1 scope link",
        "default via 192.1.2.45 dev eth1",
        "2001:db8:0:1::/64 via 2001:db8:1:2::46 dev eth1 metric 1024 pref medium",
        "\x1b[2J",
    ],
)
def test_a_route_that_a_daemon_left_is_told(jail: Jail, route: str) -> None:
    write(jail.root, "routes.left", ROUTES + route + "\n")
    check = check_routes(jail, "east", OWN)
    assert (check.state, check.evidence) == ("failed", "share/east/state/routes.left")
    assert check.detail == f"1 left after all daemons ended: {route}"


def test_routes_that_were_not_collected_are_an_error(jail: Jail) -> None:
    assert check_routes(jail, "east", OWN).state == "error"

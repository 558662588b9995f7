"""A crash that a finding explains is known; anything more, or anything else, is a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from parley.judge.host import check_host
from parley.judge.judge import conclude
from parley.lab.jail import Jail
from parley.record.results import HostRecord
from parley.verdict import Verdict

SEGFAULT = (
    "[   11.1] pluto[64]: segfault at 10 ip 4015cba0 sp 40e5fc0 error 4 in libc.so.6[95ba0,400c7000+165000]\n"
)
FINDING = "docs/explanation/findings/libreswan-shutdown-race.md"
HOST = HostRecord("west", "debian", "libreswan", "uml", "image", "kernel")


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """What a pluto leaves that ended as the finding libreswan-shutdown-race says."""
    files = {
        "state/xfrm-state.left": "",
        "state/xfrm-policy.left": "",
        "state/cores": "pluto.64\n",
        "state/unstoppable": "",
        "state/dmesg": f"[    0.1] Linux version 6\n{SEGFAULT}",
        "state/exits": "pluto 139\n",
        "log/pluto.log": "Pluto is shutting down\nshutting down interface eth1 192.1.2.45:500\n",
    }
    for name, text in files.items():
        path = tmp_path / "west" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def verdict(share: Path) -> tuple[Verdict, str]:
    return conclude(check_host(Jail(share), HOST))


def test_a_crash_that_a_finding_explains_is_known(share: Path) -> None:
    found, reason = verdict(share)
    assert found is Verdict.KNOWN
    assert (Path(__file__).parents[3] / FINDING).exists()
    assert reason.startswith(f"west: no core file: {FINDING}: core files: pluto.64")


def test_it_may_come_after_all_that_pluto_has_to_say(share: Path) -> None:
    (share / "west/log/pluto.log").write_text("shutting down interface lo\nleak detective found no leaks\n")
    assert verdict(share)[0] is Verdict.KNOWN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("state/dmesg", SEGFAULT.replace("segfault at 10", "segfault at 18")),
        ("state/dmesg", SEGFAULT.replace("libc.so.6", "pluto")),
        ("state/dmesg", SEGFAULT + "[   12.0] BUG: scheduling while atomic\n"),
        ("state/cores", "pluto.64\npluto.90\n"),
        ("state/cores", "addconn.71\n"),
        ("state/exits", "pluto 134\n"),
        ("state/exits", "pluto 139\npluto 139\n"),
        ("log/pluto.log", "initiating IKE SA\n"),
        ("log/pluto.log", ""),
        ("log/pluto.log", "leak detective found 2 leaks\n"),
        ("log/other.log", "ASSERTION FAILED\n"),
        ("state/xfrm-state.left", "src 1.2.3.4 dst 1.2.3.5\n\tproto esp spi 0x1\n\tenc cbc(aes) 0x0\n"),
    ],
)
def test_anything_else_is_a_failure(share: Path, name: str, text: str) -> None:
    (share / "west" / name).write_text(text)
    assert verdict(share)[0] is Verdict.FAILED


def test_it_is_pluto_s_only(share: Path) -> None:
    strongswan = HostRecord("west", "debian", "strongswan", "uml", "image", "kernel")
    assert conclude(check_host(Jail(share), strongswan))[0] is Verdict.FAILED

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cell_samples import shown
from parley.judge.state import check_state
from parley.lab.jail import Jail

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("kernel-sas.left", "kernel-policies.left", "cores", "unstoppable", "dmesg")
OPENBSD_SA = "esp tunnel from 192.1.2.45 to 192.1.2.23 spi 0x0a1b2c3d auth hmac-sha2-256 enc aes\n"
OPENBSD_FLOW = "flow esp in from 192.0.1.0/24 to 192.0.2.0/24 peer 192.1.2.45 type require\n"
FREEBSD_SA = "192.1.2.45 192.1.2.23\n\tesp mode=tunnel spi=1(0x00000001) reqid=1\n\tseq=0 state=mature\n"


@pytest.fixture
def jail(tmp_path: Path) -> Jail:
    jail = Jail(tmp_path)
    for name in FILES:
        jail.write(f"east/state/{name}", b"")
    return jail


@pytest.mark.parametrize("platform", ["openbsd", "freebsd"])
def test_a_host_that_is_left_with_nothing_is_fine(jail: Jail, platform: str) -> None:
    checks = list(check_state(jail, "east", platform))
    assert [check.name for check in checks] == [
        *("no SA left", "no policy left", "no core file", "daemons stop", "kernel quiet")
    ]
    assert shown(checks) == []


@pytest.mark.parametrize(
    ("platform", "file", "text", "complaint"),
    [
        ("openbsd", "kernel-sas.left", OPENBSD_SA, "esp 192.1.2.23 0a1b2c3d"),
        ("freebsd", "kernel-sas.left", FREEBSD_SA, "esp 192.1.2.23 00000001"),
        ("openbsd", "kernel-policies.left", OPENBSD_FLOW, "in 192.0.1.0/24 to 192.0.2.0/24"),
        ("openbsd", "cores", "var.crash.iked.123.core\n", "var.crash.iked.123.core"),
        ("openbsd", "dmesg", "uvm_fault(0xfff, 0x0, 0, 2) -> e\n", "uvm_fault"),
        ("freebsd", "dmesg", "pid 12 (charon), jid 0, uid 0: exited on signal 11 (core dumped)\n", "charon"),
    ],
)
def test_what_is_left_is_told(jail: Jail, platform: str, file: str, text: str, complaint: str) -> None:
    jail.write(f"east/state/{file}", text.encode())
    (check,) = [check for check in check_state(jail, "east", platform) if check.state != "ok"]
    assert check.state == "failed"
    assert complaint in check.detail


def test_a_bypass_of_a_daemon_s_socket_is_nothing_left(jail: Jail) -> None:
    jail.write("east/state/kernel-policies.left", b"flow esp out from ::/0 to ::/0 type bypass\n")
    assert [check.state for check in check_state(jail, "east", "openbsd")] == ["ok"] * 5


@pytest.mark.parametrize("name", FILES)
def test_what_was_not_collected_is_an_error_and_no_proof(jail: Jail, name: str) -> None:
    (jail.root / "east/state" / name).unlink()
    (check,) = [check for check in check_state(jail, "east", "openbsd") if check.state != "ok"]
    assert (check.state, check.detail) == ("error", "was not collected")

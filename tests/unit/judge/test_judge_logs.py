from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cell_samples import shown
from parley.judge.logs import check_logs
from parley.lab.jail import Jail
from parley.record.results import HostRecord

if TYPE_CHECKING:
    from pathlib import Path

LEAK = "12:00:01 00[DMN] 3 leaks detected, 1 suppressed by whitelist"


def host(implementation: str = "strongswan") -> HostRecord:
    return HostRecord("east", "debian", implementation, "uml", "image", "kernel")


def write(share: Path, name: str, text: str | bytes) -> None:
    path = share / "east" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)


def complaints(share: Path, implementation: str = "strongswan") -> list[str]:
    return shown(list(check_logs(Jail(share), host(implementation))))


def test_a_host_without_a_daemon_has_no_logs_to_judge(tmp_path: Path) -> None:
    assert list(check_logs(Jail(tmp_path), host(""))) == []


def test_healthy_logs_and_ends_are_fine(tmp_path: Path) -> None:
    write(tmp_path, "log/charon.log", "12:00:01 00[IKE] IKE_SA established\n0 leaks detected\n")
    write(tmp_path, "state/exits", "charon-systemd 0\ncharon-systemd 143\niked 137\n")
    assert [check.name for check in check_logs(Jail(tmp_path), host())] == ["daemon log clean", "daemon exit"]
    assert complaints(tmp_path) == []


def test_trouble_is_found_in_any_log_and_line(tmp_path: Path) -> None:
    write(tmp_path, "log/a.log", "fine\n")
    write(tmp_path, "log/deep/charon.log", f"fine\n  {LEAK}\n")
    (check,) = [check for check in check_logs(Jail(tmp_path), host("strongswan@sid")) if check.state != "ok"]
    assert (check.detail, check.evidence) == (f"memory leak: {LEAK}", "share/east/log/deep/charon.log:2")


def test_trouble_of_another_daemon_is_none_but_sanitizers_speak_of_all(tmp_path: Path) -> None:
    write(tmp_path, "log/x.log", LEAK)
    assert complaints(tmp_path, "openiked") == []
    write(tmp_path, "log/x.log", "==1==ERROR: AddressSanitizer: SEGV")
    assert complaints(tmp_path, "openiked")[0].startswith("daemon log clean [east]: sanitizer report")


def test_a_long_line_is_cut(tmp_path: Path) -> None:
    write(tmp_path, "log/x.log", LEAK + "x" * 100_000)
    assert len(complaints(tmp_path)[0]) < 400


@pytest.mark.parametrize("status", [1, 2, 42, 134, 139, 255])
def test_a_daemon_that_ended_by_itself_is_found(tmp_path: Path, status: int) -> None:
    write(tmp_path, "state/exits", f"iked 0\npluto {status}\n")
    assert complaints(tmp_path) == [f"daemon exit [east]: pluto ended with {status}"]


@pytest.mark.parametrize("text", ["", "\x00", "pluto\n", "pluto -1\n", "a b 3\n", "pluto 9999\n"])
def test_lines_that_say_nothing_are_passed_over(tmp_path: Path, text: str) -> None:
    write(tmp_path, "state/exits", text)
    assert complaints(tmp_path) == []


def test_a_status_longer_than_any_number_is_no_error_of_ours(tmp_path: Path) -> None:
    write(tmp_path, "state/exits", "pluto " + "9" * 5000 + "\n")
    assert len(complaints(tmp_path)) <= 1

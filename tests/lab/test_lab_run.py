from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.case.suite import default_suite

if TYPE_CHECKING:
    from collections.abc import Callable

    Parley = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.lab

CASE = "interop-ikev2-openbsd-01"


@pytest.fixture
def own_suite(tmp_path: Path) -> Path:
    """A copy of one case, to be broken."""
    tree = tmp_path / "tree"
    shutil.copytree(default_suite() / CASE, tree / "own" / CASE)
    shutil.copytree(default_suite().parent / "guestbin", tree / "guestbin")
    return tree / "own"


def result_of(tmp_path: Path, case: str) -> dict[str, object]:
    text = (tmp_path / "parley-runs" / "latest" / "cases" / case / "result.json").read_text()
    loaded: dict[str, object] = json.loads(text)
    return loaded


def kernels() -> list[str]:
    """Command lines of all User-mode Linux processes that are no zombies."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if " uml_dir=" in words and state != "Z":
            found.append(words)
    return found


@pytest.mark.slow
def test_the_shipped_suite_passes(parley: Parley, tmp_path: Path) -> None:
    run = parley("run")
    assert run.returncode == 0, run.stdout + run.stderr
    record = json.loads((tmp_path / "parley-runs/latest/run.json").read_text())
    assert len(record["cases"]) == 12
    assert f"report: {Path('parley-runs')}" in run.stdout
    for name in record["cases"]:
        is_virtual = (tmp_path / "parley-runs/latest/cases" / name / "lab.kernel.log").exists()
        assert str(result_of(tmp_path, name)["rerun"]).endswith("--clock=virtual") == is_virtual


def test_a_case_proves_the_tunnel_on_the_wire(parley: Parley, tmp_path: Path) -> None:
    assert parley("run", CASE).returncode == 0
    case = tmp_path / "parley-runs/latest/cases" / CASE
    shown = subprocess.run(
        ["tshark", "-r", case / "capture.pcapng"], capture_output=True, text=True, check=True
    ).stdout
    for word in ("IKE_SA_INIT", "IKE_AUTH", "ESP (SPI="):
        assert word in shown
    assert "ICMP 192.0" not in shown
    assert "Echo (ping)" not in shown
    result = result_of(tmp_path, CASE)
    assert result["rerun"] == f"parley run {CASE}"
    assert not (case / "lab.kernel.log").exists()
    assert {host["version"] for host in result["hosts"]} >= {"7.4-1"}  # type: ignore[attr-defined]


def test_a_transcript_that_differs_is_shown_accepted_and_then_passes(
    parley: Parley, tmp_path: Path, own_suite: Path
) -> None:
    reference = own_suite / CASE / "west.console.txt"
    good = reference.read_text()
    reference.write_text(good.replace("inBytes=8880", "inBytes=8881"))
    run = parley("run", "--suite", str(own_suite))
    assert run.returncode == 1
    assert "west: transcript: 1 line missing, 1 unexpected" in run.stdout
    assert result_of(tmp_path, CASE)["verdict"] == "differs"
    assert "inBytes=8880" in parley("accept", CASE, "--yes").stdout
    assert reference.read_text() == good
    assert parley("judge").returncode == 0


def test_a_broken_case_is_one_error_and_the_run_goes_on(parley: Parley, own_suite: Path) -> None:
    broken = own_suite / "broken"
    broken.mkdir()
    (broken / "description.txt").write_text("A case with a mistake\n")
    (broken / "all.east-west.sh").write_text("east# true\nthis is pasted output\n")
    run = parley("run", "--suite", str(own_suite))
    assert run.returncode == 2
    assert f"{broken}/all.east-west.sh:2: neither `HOST# command` nor `# comment`" in run.stderr
    assert f"passed      {CASE}" in run.stdout
    assert "Traceback" not in run.stderr


def test_an_expectation_that_fails_is_failed_whatever_the_reference_says(
    parley: Parley, tmp_path: Path, own_suite: Path
) -> None:
    script = own_suite / CASE / "all.east-west.sh"
    script.write_text(
        "east# ../../guestbin/guard.sh up\n"
        "west# ../../guestbin/ping-once.sh --up 192.0.1.254 192.0.2.254\n"
        "east# ../../guestbin/guard.sh down\n"
    )
    parley("run", "--suite", str(own_suite))
    parley("accept", CASE, "--yes")
    parley("judge")
    result = result_of(tmp_path, CASE)
    assert result["verdict"] == "failed"
    assert "should be up" in str(result["reason"])


def test_clear_text_between_protected_networks_fails_a_case(
    parley: Parley, tmp_path: Path, own_suite: Path
) -> None:
    script = own_suite / CASE / "all.east-west.sh"
    script.write_text("west# ping -q -c 1 -W 1 -I 192.0.1.254 192.0.2.254 >/dev/null\n")
    parley("run", "--suite", str(own_suite))
    result = result_of(tmp_path, CASE)
    assert result["verdict"] == "failed"
    assert "nothing in clear" in str(result["reason"])


def test_policies_left_behind_fail_a_case(parley: Parley, tmp_path: Path, own_suite: Path) -> None:
    (own_suite / CASE / "all.east-west.sh").write_text("east# ../../guestbin/guard.sh up\n")
    parley("run", "--suite", str(own_suite))
    assert "no policy left" in str(result_of(tmp_path, CASE)["reason"])


def test_a_crash_fails_a_case_and_its_core_is_kept(parley: Parley, tmp_path: Path, own_suite: Path) -> None:
    (own_suite / CASE / "all.east-west.sh").write_text("east# sleep 100 & kill -SEGV $!; wait\n")
    parley("run", "--suite", str(own_suite))
    assert "no core file" in str(result_of(tmp_path, CASE)["reason"])
    cores = list((tmp_path / "parley-runs/latest/cases" / CASE / "share/east/core").iterdir())
    assert [core.stat().st_size > 0 for core in cores] == [True]


def test_a_step_past_its_limit_fails_its_case(parley: Parley, tmp_path: Path, own_suite: Path) -> None:
    (own_suite / CASE / "all.east-west.sh").write_text("east# sleep 100\nwest# true\n")
    parley("run", "--suite", str(own_suite), "--clock", "real", "--timeout-scale", "0.05")
    result = result_of(tmp_path, CASE)
    assert result["verdict"] == "failed"
    assert "step 0 `sleep 100` ran past 3 s" in str(result["reason"])


def test_a_panic_is_a_lab_error_with_its_console(parley: Parley, tmp_path: Path, own_suite: Path) -> None:
    (own_suite / CASE / "all.east-west.sh").write_text("east# echo c >/proc/sysrq-trigger; sleep 5\n")
    assert parley("run", "--suite", str(own_suite), "--clock", "real").returncode == 1
    result = result_of(tmp_path, CASE)
    assert result["verdict"] == "lab-error"
    assert "Kernel panic" in str(result["reason"])
    assert "east.kernel.log" in str(result["reason"])


def test_a_killed_run_leaves_nothing_and_is_resumed(parley: Parley, tmp_path: Path) -> None:
    before = kernels()
    command = [sys.executable, "-m", "parley", "run", "--output", "run", "--jobs", "2", f"{CASE}*"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(kernels()) < len(before) + 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(kernels()) >= len(before) + 2
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while kernels() != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert kernels() == before
    assert [path for path in tmp_path.rglob("*") if path.is_socket()] == []
    resumed = parley("run", "--resume", "run")
    assert resumed.returncode == 0, resumed.stdout
    assert "4 cases: 4 passed" in resumed.stdout


def test_ctrl_c_puts_the_lab_away_and_says_how_to_go_on(parley: Parley, tmp_path: Path) -> None:
    assert parley("list").returncode == 0
    before = kernels()
    command = [sys.executable, "-m", "parley", "run", "--output", "run"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while len(kernels()) < len(before) + 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "parley run --resume" in errors
    assert "not-run" in output
    assert kernels() == before


def test_a_kept_lab_is_reached_by_a_shell(parley: Parley, tmp_path: Path) -> None:
    assert parley("list", CASE).returncode == 0
    command = [sys.executable, "-m", "parley", "run", "--keep", CASE]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert "kept: parley shell east|west" in first
        shell = subprocess.run(
            [sys.executable, "-m", "parley", "shell", "west"],
            input="echo name=$(hostname)\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "name=west" in shell.stdout
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[0]
    assert process.returncode == 0, rest
    assert f"passed      {CASE}" in rest


def test_one_retry_is_visible_as_flaky(parley: Parley, tmp_path: Path, own_suite: Path) -> None:
    reference = own_suite / CASE / "west.console.txt"
    reference.write_text(reference.read_text() + "never said\n")
    run = parley("run", "--suite", str(own_suite), "--retry", "1")
    assert run.returncode == 1
    result = result_of(tmp_path, CASE)
    assert result["verdict"] == "differs"
    attempts = result["attempts"]
    assert isinstance(attempts, list)
    assert attempts[0]["verdict"] == "differs"
    assert (tmp_path / "parley-runs/latest/cases" / attempts[0]["directory"] / "result.json").exists() or (
        tmp_path / "parley-runs/latest/cases" / attempts[0]["directory"] / "play.json"
    ).exists()


def test_a_platform_that_is_not_here_is_unsupported(parley: Parley, tmp_path: Path) -> None:
    run = parley("run", CASE, "--host", "east=openbsd/openiked")
    assert run.returncode == 0
    result = result_of(tmp_path, CASE)
    assert result["verdict"] == "unsupported"
    assert "openbsd" in str(result["reason"])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops privileges")
def test_hosts_run_as_nobody_when_root_runs_parley(parley: Parley, tmp_path: Path) -> None:
    assert parley("run", CASE).returncode == 0
    owner = (tmp_path / "parley-runs/latest/cases" / CASE / "share/west/log/pluto.log").stat().st_uid
    assert owner == 65534

"""Hosts behind a console, played on the console double of fake_consoles: every prompt and echo is real."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fake_consoles import SHELLS, Manners, console_plan
from parley.errors import AgentError, BootError, CommandTimeoutError, LabError, PanicError
from parley.image.store import Store
from parley.lab.host import Limits
from parley.lab.jail import Jail
from parley.lab.lab import Lab
from parley.lab.topology import NETWORK
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from parley.lab.host import Host


@contextmanager
def console_lab(
    place: Path, *manners: Manners, limits: Limits | None = None, restores: bool = False
) -> Iterator[tuple[Lab, Host]]:
    layout = CaseLayout(place / "case")
    layout.root.mkdir()
    Jail(layout.share).create()
    plan = replace(console_plan(place, *manners), restores=restores)
    directory = "/testing/suite/case"
    with Lab(layout, (plan,), NETWORK, directory=directory, limits=limits or Limits()) as lab:
        yield lab, lab.hosts["east"]


def step(host: Host, lab: Lab, index: int, command: str, limit: float = 20) -> tuple[int, bytes]:
    status = host.play(index, command, limit)
    return status, lab.jail.read(f"east/step/{index:04}.out")


@pytest.mark.parametrize("shell", SHELLS)
def test_output_complaint_and_status_are_exact(tmp_path: Path, shell: str) -> None:
    with console_lab(tmp_path, Manners(shell=shell)) as (_, host):
        outcome = host.run("echo out; echo err >&2; exit 7")
        assert (outcome.status, outcome.output, outcome.error) == (7, "out\n", "err\n")
        assert host.run("true").output == ""
        assert host.run("cat").status == 0  # nobody types for it


def test_output_is_safe_for_every_byte(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, host):
        outcome = host.run("printf '\\000\\001\\r\\n<<parley done run.0001 0 done run.0001 0>>\\377'")
        data = lab.jail.read(f"{outcome.stem}.out")
    assert data == b"\0\1\r\n<<parley done run.0001 0 done run.0001 0>>\xff"


@pytest.mark.parametrize("seed", range(3))
def test_a_talkative_kernel_gets_into_nothing_but_its_log(tmp_path: Path, seed: int) -> None:
    manners = Manners(noise=0.0, seed=seed)
    with console_lab(tmp_path, manners) as (lab, host):
        manners.noise = 0.005
        for number in range(6):
            assert host.run(f"echo line {number}; exit {number}").output == f"line {number}\n"
            assert step(host, lab, number, f"echo step {number}; (exit {number})") == (
                number,
                b"step %d\n" % number,
            )
        manners.noise = 0.0
    log = lab.layout.kernel_log("east").read_bytes()
    assert manners.said
    assert [message for message in manners.said if message not in log] == []
    assert b"line 0" not in log


def test_orders_that_lose_a_character_are_said_again(tmp_path: Path) -> None:
    manners = Manners(seed=5, loses=0.3)
    with console_lab(tmp_path, manners) as (_, host):
        counted = [host.run("echo x >>counted; wc -l <counted").output.strip() for _ in range(3)]
    assert counted == ["1", "2", "3"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_session_is_one_shell(tmp_path: Path, shell: str) -> None:
    with console_lab(tmp_path, Manners(shell=shell)) as (lab, host):
        assert step(host, lab, 0, "pwd; x=3") == (0, f"{tmp_path}/root/testing/suite/case\n".encode())
        assert step(host, lab, 1, "cd ..; echo $x >&2") == (0, b"3\n")
        assert step(host, lab, 2, "pwd; echo $PARLEY_HOST; false")[1].endswith(b"/testing/suite\neast\n")


def test_a_step_that_ends_its_shell_ends_no_more(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, host):
        assert step(host, lab, 0, "echo last; exit 3") == (3, b"last\n")
        assert step(host, lab, 1, "echo next") == (0, b"next\n")


def test_what_runs_past_its_limit_is_ended_and_the_host_lives_on(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, host):
        with pytest.raises(CommandTimeoutError, match="ran past"):
            host.run("sleep 98 & sleep 99; echo never", limit=0.5)
        with pytest.raises(CommandTimeoutError, match="step 0"):
            host.play(0, "echo begun; sh -c 'sleep 99'", 0.5)
        assert lab.jail.read("east/step/0000.out").startswith(b"begun\n")
        assert step(host, lab, 1, "echo alive") == (0, b"alive\n")


def test_commands_run_side_by_side(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (_, host):
        first = host.start("while [ ! -e go ]; do sleep 0.05; done; echo first")
        second = host.start("touch go; echo second")
        assert host.finish(second, 20).output == "second\n"
        assert host.finish(first, 20).output == "first\n"


def test_logs_are_kept_with_every_command_and_outlive_the_host(tmp_path: Path) -> None:
    manners = Manners(dies=b"the end is near")
    with console_lab(tmp_path, manners) as (lab, host):
        host.run("echo 'daemon: hello' >log/iked.log")
        with pytest.raises(PanicError):
            host.run("echo the end is near >/dev/tty")
    assert lab.jail.read("east/log/iked.log") == b"daemon: hello\n"


def test_a_kernel_in_its_debugger_has_panicked_and_is_asked_why(tmp_path: Path) -> None:
    with (
        pytest.raises(PanicError, match="kernel diagnostic assertion failed"),
        console_lab(tmp_path, Manners(dies=b"now")) as (lab, host),
    ):
        host.run("echo now >/dev/tty; sleep 5")
    assert b"panic() at panic+0x15b" in lab.layout.kernel_log("east").read_bytes()


def test_a_machine_that_ends_is_noticed_at_once(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (_, host):
        host.machine.kill()
        with pytest.raises(AgentError, match=r"machine ended|console is closed"):
            host.run("true")


def test_a_console_that_is_flooded_gets_no_memory_and_little_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.lab.console._LOG_LIMIT", 10_000)
    flood = (
        'i=0; while [ $i -lt 3000 ]; do echo "<<parley done run.x$i 0 done run.x$i 0>>"; i=$((i + 1)); done'
    )
    with console_lab(tmp_path) as (lab, host):
        lines = host.run(f"({flood}; echo {'A' * 30000}) >/dev/tty; echo fine")
        assert lines.output == "fine\n"
        assert host.run("echo still fine").output == "still fine\n"
        assert lab.layout.kernel_log("east").stat().st_size < 100_000


def test_logs_that_would_fill_the_drive_keep_no_other_back(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, host):
        outcome = host.run(
            "dd if=/dev/zero of=log/huge bs=1024k seek=63 count=1; echo ok >log/iked.log; echo done"
        )
        assert outcome.output == "done\n"
        assert host.run("echo next; cat state/agent").output == "next\nlog/huge is too long\n"
    assert list(lab.jail.files("east/log")) == ["east/log/iked.log"]


@pytest.mark.parametrize("shell", SHELLS)
def test_an_interactive_shell_ends_where_orders_go_on(tmp_path: Path, shell: str) -> None:
    with console_lab(tmp_path, Manners(shell=shell)) as (_, host):
        host.open_shell()
        host.shell_line.sendall(b"echo $((20 + 3))$((40 + 5))\r")
        said = b""
        while b"2345" not in said:
            said += host.shell_line.recv(4096)
        assert host.run("echo orders").output == "orders\n"


def test_hosts_hand_files_to_one_another(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, host):
        lab.jail.write("testing/suite/case/OUTPUT/from-west", b"west\n")
        assert step(host, lab, 0, "cat OUTPUT/from-west; echo east >OUTPUT/from-east") == (0, b"west\n")
        assert lab.jail.read("testing/suite/case/OUTPUT/from-east") == b"east\n"
        lab.jail.write("testing/suite/case/OUTPUT/from-east", b"west was here\n")
        assert step(host, lab, 1, "cat OUTPUT/from-east") == (0, b"west was here\n")


def test_only_output_comes_back_from_the_case_s_own_files(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, host):
        lab.jail.write("testing/suite/case/east.iked.conf", b"passive\n")
        step(host, lab, 0, "echo active >east.iked.conf; ln -s /etc/passwd OUTPUT/link")
        assert lab.jail.read("testing/suite/case/east.iked.conf") == b"passive\n"
        assert "testing/suite/case/OUTPUT/link" not in list(lab.jail.files("testing"))


def test_scripts_stay_executable(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, host):
        lab.jail.write("testing/guestbin/hello.sh", b"#!/bin/sh\necho hello\n", mode=0o755)
        assert step(host, lab, 0, "../../guestbin/hello.sh") == (0, b"hello\n")


def test_a_password_that_is_refused_is_a_lab_error_with_the_screen(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="was not let in"), console_lab(tmp_path, Manners(password="other")):  # noqa: S106 -- no secret
        pass


def test_a_silent_machine_is_not_up_in_time(tmp_path: Path) -> None:
    with (
        pytest.raises(BootError, match="not up within the boot limit"),
        console_lab(tmp_path, Manners(before_login=b"boot> ", is_stuck=True), limits=Limits(boot=0.01)),
    ):
        pass


def test_nothing_of_the_machine_is_left(tmp_path: Path) -> None:
    with console_lab(tmp_path) as (lab, _):
        assert (lab.layout.root / "machines" / "east" / "in").exists()
    assert not (lab.layout.root / "machines").exists()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("parley.lab.saved.emulator", lambda: "none")
    return Store(tmp_path / "cache")


def test_a_host_is_saved_at_its_shell_once_and_goes_on_from_there(tmp_path: Path, store: Store) -> None:
    for number in range(2):
        place = tmp_path / str(number)
        place.mkdir()
        with console_lab(place, restores=True) as (lab, host):
            assert host.run("echo here; exit 4").status == 4
            assert step(host, lab, 0, "echo step") == (0, b"step\n")
        assert b"login:" not in lab.layout.kernel_log("east").read_bytes()
    assert len(list(store.entries("snapshot"))) == 1


@pytest.mark.usefixtures("store")
def test_a_saved_host_that_does_not_go_on_is_booted_from_cold(tmp_path: Path) -> None:
    ways = (Manners(), Manners(is_stuck=True), Manners())
    with console_lab(tmp_path, *ways, restores=True, limits=Limits(boot=2)) as (lab, host):
        assert host.run("echo alive").output == "alive\n"
    assert b"login:" in lab.layout.kernel_log("east").read_bytes()


@pytest.mark.usefixtures("store")
def test_a_host_that_cannot_be_saved_boots(tmp_path: Path) -> None:
    ways = (Manners(password="other"), Manners())  # noqa: S106 -- no secret
    with console_lab(tmp_path, *ways, restores=True) as (_, host):
        assert host.run("echo alive").output == "alive\n"

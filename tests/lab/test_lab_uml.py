from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.errors import AgentError, BootError, CommandTimeoutError, PanicError
from parley.lab.host import Limits
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan, Lab
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.image.ensure import Ready

pytestmark = pytest.mark.lab


def make_lab(ready: Ready, directory: Path, *hosts: str, limits: Limits | None = None) -> Lab:
    layout = CaseLayout(directory)
    Jail(layout.share).create()
    plans = tuple(
        HostPlan(HostSpec(host), Debian(), UmlBackend(), ready.images["libreswan"], ready.kernel)
        for host in hosts
    )
    return Lab(layout, plans, NETWORK, limits=limits or Limits())


@pytest.fixture
def lab(ready: Ready, tmp_path: Path) -> Iterator[Lab]:
    with make_lab(ready, tmp_path, "east", "west") as booted:
        yield booted


def output(lab: Lab, host: str, index: int) -> str:
    return lab.jail.read_text(f"{host}/step/{index:04}.out")


def test_hosts_reach_each_other_over_both_families(lab: Lab) -> None:
    west = lab.hosts["west"]
    assert west.run("ping -c 1 -W 5 192.1.2.23")
    assert west.run("ping -c 1 -W 5 2001:db8:1:2::23")
    assert west.run("ping -c 1 -W 5 -I 192.0.1.254 192.0.2.254")


def test_commands_have_separate_output_error_and_status(lab: Lab) -> None:
    outcome = lab.hosts["east"].run("echo out; echo err >&2; exit 3")
    assert (outcome.status, outcome.output, outcome.error) == (3, "out\n", "err\n")
    assert not outcome


def test_a_session_keeps_its_state_from_step_to_step(lab: Lab) -> None:
    west = lab.hosts["west"]
    west.play(0, "cd /tmp; word=kept", 10)
    assert west.play(1, "echo $word $PWD {1..3}", 10) == 0
    assert output(lab, "west", 1) == "kept /tmp 1 2 3\n"


def test_output_and_errors_of_a_step_stand_in_the_order_printed(lab: Lab) -> None:
    lab.hosts["west"].play(0, "echo 1; echo 2 >&2; echo 3", 10)
    assert output(lab, "west", 0) == "1\n2\n3\n"


def test_a_step_that_ends_its_shell_does_not_end_the_case(lab: Lab) -> None:
    west = lab.hosts["west"]
    assert west.play(0, "exit 7", 10) == 7
    assert west.play(1, "echo back", 10) == 0
    assert output(lab, "west", 1) == "back\n"


def test_a_step_past_its_limit_is_ended_and_the_session_lives(lab: Lab) -> None:
    west = lab.hosts["west"]
    with pytest.raises(CommandTimeoutError, match=r"west: step 0 `echo a; sleep 60` ran past 0\.5 s") as told:
        west.play(0, "echo a; sleep 60", 0.5)
    evidence = lab.layout.root / str(told.value).rpartition(" ")[2]
    assert re.search(r"(?m)^ *\d+ +\d+ +S.* sleep 60\n", evidence.read_text())
    assert west.play(1, "echo alive", 10) == 0
    assert output(lab, "west", 0).startswith("a\n")


def test_a_hanging_command_does_not_silence_the_agent(lab: Lab) -> None:
    east = lab.hosts["east"]
    hanging = east.start("sleep 60")
    assert east.run("true")
    with pytest.raises(CommandTimeoutError):
        east.finish(hanging, 0.1)
    assert not east.run("pgrep -x sleep").output


def test_a_panic_is_named_as_such(lab: Lab) -> None:
    with pytest.raises(PanicError, match="east: Kernel panic"):
        lab.hosts["east"].run("echo c >/proc/sysrq-trigger; sleep 5")


def test_a_kernel_that_ends_is_noticed_at_once(lab: Lab) -> None:
    lab.hosts["east"].machine.kill()
    with pytest.raises(AgentError, match="east"):
        lab.hosts["east"].run("true")


def test_a_host_that_does_not_come_up_is_a_boot_error(ready: Ready, tmp_path: Path) -> None:
    with (
        pytest.raises(BootError, match="within the boot limit"),
        make_lab(ready, tmp_path, "east", limits=Limits(boot=0.01)),
    ):
        pass


def test_root_in_a_guest_sees_and_writes_its_share_only(lab: Lab) -> None:
    east = lab.hosts["east"]
    mounted = east.run("mkdir /tmp/h; mount -t hostfs -o hostfs=/../../../.. none /tmp/h; ls /tmp/h").check()
    assert set(mounted.output.split()) <= {"east", "west", "testing"}
    east.run("ln -s / /tmp/h/east/escape; touch /parley/own").check()
    owner = (lab.layout.share / "east" / "own").stat()
    assert owner.st_uid == lab.jail.owner.uid
    assert owner.st_uid != 0 or os.geteuid() != 0


def test_nothing_is_left_of_a_lab(ready: Ready, tmp_path: Path) -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with make_lab(ready, tmp_path, "east", "west") as lab:
        groups = [host.machine for host in lab.hosts.values()]
    assert all(machine.exited() is not None for machine in groups)
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert [path.name for path in tmp_path.rglob("*") if path.is_socket()] == []

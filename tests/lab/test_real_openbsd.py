"""A real OpenBSD behind its serial console, where PARLEY_OPENBSD_MEDIA names a boot floppy of it.

Seen with the floppy of OpenBSD/i386 5.1 (docs/explanation/bsd-hosts.md): its installer's ramdisk gives a
real kernel and ksh, with ifconfig, ping, route and tar, but no IKE daemon.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from unittest.mock import patch

import pycdlib
import pytest

from case_files import case_of, write_files
from parley.backend.base import Hardware
from parley.backend.qemu import QemuBackend
from parley.backend.uml import UmlBackend
from parley.case.model import HostSpec
from parley.errors import CommandTimeoutError
from parley.image.kernel import Kernel
from parley.image.rootfs import Image
from parley.install.console import Shell
from parley.lab.console_host import Media
from parley.lab.host import Limits
from parley.lab.jail import Jail
from parley.lab.lab import HostPlan, Lab
from parley.lab.topology import NETWORK
from parley.platform.debian import Debian
from parley.platform.openbsd import OpenBsd
from parley.record.layout import CaseLayout
from parley.run.plan import Equipment
from parley.run.scripted import ScriptedJob
from parley.run.worker import run_job
from parley.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.image.ensure import Ready
    from parley.install.console import Console, Limit

MEDIA = os.environ.get("PARLEY_OPENBSD_MEDIA", "")
# Another test takes an installation ISO.
FLOPPY = 1440 * 1024
IS_FLOPPY = bool(MEDIA) and Path(MEDIA).is_file() and Path(MEDIA).stat().st_size == FLOPPY
pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not IS_FLOPPY, reason="PARLEY_OPENBSD_MEDIA names no boot floppy of OpenBSD"),
]

# What a 5.1 kernel of 2012 has drivers for. Without a screen, firmware and loader talk on the serial port.
OLD_PC = Hardware(machine="pc,graphics=off", nic="ne2k_pci", disk="ide-hd,bus=ide.0")


class Ramdisk(OpenBsd):
    """An installer's ramdisk instead of an installed system."""

    inbound, outbound = "/dev/rwd0c", "/dev/rwd1c"

    def log_in(self, console: Console, limit: Limit) -> Shell:
        """Through the loader and the installer's menu."""
        for prompt, answer in (
            (rb"boot> ?$", "set tty com0"),
            (rb"boot> ?$", "boot"),
            (rb"\(S\)hell\? $", "s"),
        ):
            console.expect(prompt, limit=limit)
            console.send_line(answer)
        console.expect(rb"# $", limit=limit)
        shell = Shell(console)
        shell.settle(limit)
        return shell


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory with a store of its own, in which a guest is saved."""
    place = tmp_path_factory.mktemp("openbsd")
    for directory in (place, *place.parents[:-1]):
        if directory.stat().st_uid == os.geteuid():
            directory.chmod(directory.stat().st_mode | 0o011)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_CACHE", str(place / "cache"))
        yield place


def plans(place: Path, ready: Ready) -> tuple[HostPlan, HostPlan]:
    """OpenBSD as east in an emulated PC, Linux as west in User-mode Linux."""
    kernel = Kernel("openbsd", "", Path("/nonexistent"), None, "", frozenset())
    east = HostPlan(
        HostSpec("east", "openbsd"),
        Ramdisk(),
        QemuBackend(restores=False),
        Image("openbsd", Path("/nonexistent"), {}, sha256(Path(MEDIA).read_bytes()).hexdigest()),
        kernel,
        media=Media(None, _floppy_cd(place / "boot.iso"), OLD_PC, memory=128),
        restores=True,
    )
    west = HostPlan(HostSpec("west"), Debian(), UmlBackend(), ready.images["libreswan"], ready.kernel)
    return east, west


def fresh(place: Path) -> CaseLayout:
    """An empty directory of a case, to which guests of root's can walk."""
    layout = CaseLayout(Path(mkdtemp(dir=place)) / "case")
    layout.root.parent.chmod(0o711)
    return layout


@contextmanager
def booted_lab(place: Path, ready: Ready) -> Iterator[Lab]:
    """Both on one segment."""
    layout = fresh(place)
    layout.root.mkdir()
    Jail(layout.share).create()
    Jail(layout.share).make_directory("testing/suite/case/OUTPUT")
    both = plans(layout.root.parent, ready)
    with Lab(layout, both, NETWORK, directory="/testing/suite/case") as booted:
        yield booted


def _floppy_cd(path: Path) -> Path:
    """A CD that boots as the floppy does (El Torito, floppy emulation)."""
    data = Path(MEDIA).read_bytes()
    iso = pycdlib.PyCdlib()
    iso.new()
    iso.add_fp(BytesIO(data), len(data), "/BOOT.IMG;1")
    iso.add_eltorito("/BOOT.IMG;1", bootcatfile="/BOOT.CAT;1", media_name="floppy")
    iso.write(str(path))
    iso.close()
    return path


@pytest.fixture(scope="module")
def lab(place: Path, ready: Ready) -> Iterator[Lab]:
    """One lab for all that can share it; its east is saved first, if it was not before."""
    with booted_lab(place, ready) as booted:
        yield booted


def test_commands_have_exact_outputs_and_statuses(lab: Lab) -> None:
    outcome = lab.hosts["east"].run("echo said; echo complaint >&2; exit 7")
    assert (outcome.status, outcome.output, outcome.error) == (7, "said\n", "complaint\n")


def test_cards_are_found_by_mac_and_configured_from_the_drive(lab: Lab) -> None:
    shown = lab.hosts["east"].run("ifconfig -a; route -n show; cat /etc/hosts; hostname").output
    blocks = {block.split(":")[0]: block for block in shown.split("\n") if "flags=" in block}
    assert len([name for name in blocks if name.startswith("ne")]) == len(NETWORK.host("east").interfaces)
    for interface in NETWORK.host("east").interfaces:
        after = shown.partition(f"lladdr {interface.mac}")[2].partition("flags=")[0]
        assert f"inet {interface.ipv4.ip} " in after
    assert "192.1.2.45" in shown
    assert shown.endswith("\neast\n")


def test_it_pings_a_linux_host_across_the_hub_and_is_pinged(lab: Lab) -> None:
    assert lab.hosts["east"].run("ping -c 3 192.1.2.45").check().output.count("bytes from 192.1.2.45") == 3
    assert lab.hosts["west"].run("ping -c 3 -W 5 192.1.2.23")


def test_files_travel_both_ways_on_raw_disks_whatever_is_in_them(lab: Lab) -> None:
    data = bytes(range(256)) * 300
    lab.jail.write("testing/suite/case/OUTPUT/from-west", data)
    assert (
        lab.hosts["east"].play(0, "cp OUTPUT/from-west OUTPUT/from-east; tar cf - OUTPUT/from-west", 60) == 0
    )
    assert lab.jail.read("testing/suite/case/OUTPUT/from-east") == data
    assert data in lab.jail.read("east/step/0000.out")


def test_the_session_is_one_ksh_and_outlives_a_step_that_ends_it(lab: Lab) -> None:
    east = lab.hosts["east"]
    assert east.play(1, "cd /; x=3", 60) == 0
    assert east.play(2, "echo $x; pwd; exit 5", 60) == 5
    assert lab.jail.read("east/step/0002.out") == b"3\n/\n"
    assert east.play(3, "pwd", 60) == 0
    assert lab.jail.read("east/step/0003.out") == b"/testing/suite/case\n"


def test_what_hangs_is_ended(lab: Lab) -> None:
    with pytest.raises(CommandTimeoutError):
        lab.hosts["east"].run("sleep 500", limit=3)
    with pytest.raises(CommandTimeoutError):
        lab.hosts["east"].play(4, "sleep 500", 3)
    assert lab.hosts["east"].run("echo alive").output == "alive\n"


def test_an_interactive_shell_has_the_console_until_orders_go_on(lab: Lab) -> None:
    east = lab.hosts["east"]
    east.open_shell()
    east.shell_line.settimeout(60)
    east.shell_line.sendall(b"echo $((20 + 3))$((40 + 5))\r")
    said = b""
    while b"2345" not in said:
        said += east.shell_line.recv(4096)
    east.shell_line.settimeout(None)
    assert east.run("echo orders").output == "orders\n"


def test_no_output_is_in_the_log_of_the_kernel(lab: Lab) -> None:
    assert b"lladdr" not in lab.layout.kernel_log("east").read_bytes()


def test_a_saved_guest_goes_on_again_and_again(place: Path, lab: Lab, ready: Ready) -> None:
    assert lab.hosts
    for number in range(3):
        with booted_lab(place, ready) as again:
            assert again.hosts["east"].run(f"echo {number}; hostname").output == f"{number}\neast\n"
            assert again.hosts["east"].run("ping -c 1 192.1.2.45")
        # It did not boot: its kernel never introduced itself.
        assert b"Copyright (c) 1995" not in again.layout.kernel_log("east").read_bytes()


SCRIPT = """\
east# ping -c 1 192.1.2.45 | grep -c 'bytes from'
west# ping -n -q -c 1 -W 5 192.1.2.23 >/dev/null && echo up
east# x=east; cat east.iked.conf
east# echo $x; (exit 3)
"""
EAST = """\
ping -c 1 192.1.2.45 | grep -c 'bytes from'
1
east #
 x=east; cat east.iked.conf
passive
east #
 echo $x; (exit 3)
east
east #
"""
WEST = "ping -n -q -c 1 -W 5 192.1.2.23 >/dev/null && echo up\nup\nwest #\n"


@pytest.mark.usefixtures("lab")
def test_a_scripted_case_passes_with_one_end_on_openbsd(place: Path, ready: Ready) -> None:
    files = {
        "all.east-west.sh": SCRIPT,
        "east.iked.conf": "passive\n",
        "east.console.txt": "what Linux prints\n",
        "east.openbsd.console.txt": EAST,
        "west.console.txt": WEST,
    }
    layout = fresh(place)
    case = case_of(write_files(layout.root.parent / "suite" / "ping", files), east="openbsd/iked")
    tools = Equipment(ready.images, ready.kernel, UmlBackend(), place / "x509")
    job = ScriptedJob(
        name="ping", title="", layout=layout, equipment=tools, limits=Limits(), rerun="", case=case
    )
    with patch("parley.run.scripted.plan_hosts", return_value=plans(layout.root.parent, ready)):
        result = run_job(job, lambda _: None)
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")

"""What BSD guests do first, played by real shells with tools that print what such systems print."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.case.model import HostSpec
from parley.lab.jail import Jail
from parley.lab.topology import NETWORK
from parley.platform.freebsd import FreeBsd
from parley.platform.nfs import with_share
from parley.platform.openbsd import OpenBsd

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = [shell for shell in ("sh", "mksh") if shutil.which(shell)]
PLATFORMS = (OpenBsd, FreeBsd)
# Cards in another order than the topology's, and words that only look like the name of one.
OPENBSD_CARDS = """\
lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 32768
\tindex 3 priority 0 llprio 3
\tgroups: lo
\tinet 127.0.0.1 netmask 0xff000000
vio0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tlladdr 12:00:00:64:64:23
\tindex 1 priority 0 llprio 3
\tgroups: egress
\tmedia: Ethernet autoselect
\tstatus: active
vio1: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tlladdr 12:00:00:dc:bc:ff
"""
FREEBSD_CARDS = OPENBSD_CARDS.replace("lladdr", "ether").replace("vio", "vtnet")
TOOLS = ("sysctl", "route", "hostname", "date", "kldload", "mount_nfs", "cp", "sh")


def prepared(place: Path, platform: type[OpenBsd | FreeBsd]) -> Path:
    """A guest's directory as it comes off the drive, below `place`."""
    jail = Jail(place / "share")
    jail.create()
    platform("").prepare(jail, HostSpec("east", "openbsd"), NETWORK)
    root = place / "root"
    shutil.copytree(place / "share" / "east", root / "parley")
    return root


def boot(place: Path, root: Path, shell: str, cards: str) -> list[str]:
    """Play the boot script; returns what was called, in order."""
    tools = place / "tools"
    tools.mkdir()
    called = place / "called"
    for name in (*TOOLS, "ifconfig"):
        script = tools / name
        shown = f"[ \"$1\" = -a ] && cat <<'END' && exit\n{cards}END\n" if name == "ifconfig" else ""
        script.write_text(f'#!/bin/sh\n{shown}echo "{name} $*" >>{called}\n')
        script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tools}:/usr/bin:/bin"}
    (place / "drive").touch()
    text = (root / "parley/boot.sh").read_text().replace("/var/crash", str(place / "crash"))
    (root / "parley/boot.sh").write_text(text.replace("[ -c ", "[ -e "))
    words = [
        shutil.which(shell) or shell,
        str(root / "parley/boot.sh"),
        f"{place}/drive",
        f"{place}/drive",
        str(root),
        "x",
    ]
    subprocess.run(words, env=environment, check=True, timeout=20)
    return called.read_text().splitlines()


@pytest.mark.parametrize("shell", SHELLS)
def test_an_openbsd_guest_finds_its_cards_by_mac(tmp_path: Path, shell: str) -> None:
    called = boot(tmp_path, prepared(tmp_path, OpenBsd), shell, OPENBSD_CARDS)
    assert "ifconfig vio1 inet 192.0.2.254 netmask 255.255.255.0" in called
    assert "ifconfig vio1 inet6 2001:db8:0:2::254 prefixlen 64" in called
    assert "ifconfig vio0 inet 192.1.2.23 netmask 255.255.255.0" in called
    assert "route -qn add -inet default 192.1.2.254" in called
    assert "route -qn add -inet6 2001:db8:0:1:: -prefixlen 64 2001:db8:1:2::45" in called
    assert "sysctl net.inet.ip.forwarding=1" in called
    assert "hostname east" in called
    assert called[-1].startswith("sh ")
    assert (tmp_path / "root/parley/cards").read_text() == "eth0 vio1\neth1 vio0\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_freebsd_guest_does_too(tmp_path: Path, shell: str) -> None:
    called = boot(tmp_path, prepared(tmp_path, FreeBsd), shell, FREEBSD_CARDS)
    assert "ifconfig vtnet1 inet 192.0.2.254 netmask 255.255.255.0 up" in called
    assert "route -qn add default 192.1.2.254" in called
    assert "route -qn add -net 192.0.1.0/24 192.1.2.45" in called
    assert "route -qn add -inet6 default 2001:db8:1:2::254" in called
    assert (tmp_path / "root/parley/cards").read_text() == "eth0 vtnet1\neth1 vtnet0\n"


def test_a_card_that_is_not_there_is_told_and_no_other_takes_its_place(tmp_path: Path) -> None:
    cards = OPENBSD_CARDS.replace("12:00:00:dc:bc:ff", "12:00:00:00:00:01")
    called = boot(tmp_path, prepared(tmp_path, OpenBsd), "sh", cards)
    assert not [line for line in called if "192.0.2.254" in line and line.startswith("ifconfig")]
    assert "no card has MAC 12:00:00:dc:bc:ff" in (tmp_path / "root/parley/boot.log").read_text()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_share_is_mounted_where_there_is_one(tmp_path: Path, platform: type[OpenBsd | FreeBsd]) -> None:
    root = prepared(tmp_path, platform)
    (root / "parley/mount.sh").write_text(platform("").mount_share())
    called = boot(tmp_path, root, "sh", OPENBSD_CARDS)
    (mount,) = [line for line in called if line.startswith("mount_nfs")]
    assert "198.19.0.1:/srv/share/testing /testing" in mount


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_are_shell(tmp_path: Path, platform: type[OpenBsd | FreeBsd], shell: str) -> None:
    root = prepared(tmp_path, platform)
    for name in ("boot.sh", "agent.sh", "session.sh"):
        subprocess.run([shell, "-n", str(root / "parley" / name)], check=True)
    subprocess.run([shell, "-n", "-c", platform("").collect("iked|charon")], check=True)


def test_a_share_s_network_is_nobody_s_way_to_be_known() -> None:
    network = with_share(NETWORK, ["east", "pole"])
    assert network.main_interface("east").name == "eth1"
    assert network.main_interface("pole").name == "eth0"
    assert network.main_interface("nfs").segment == "share"
    cards = [each for host in network.hosts for each in host.interfaces if each.segment == "share"]
    assert sorted(card.host for card in cards) == ["east", "nfs", "pole"]
    assert len({card.mac for card in cards}) == len({card.ipv4 for card in cards}) == len(cards)
    assert [host.name for host in NETWORK.hosts] == [host.name for host in network.hosts][:-1]

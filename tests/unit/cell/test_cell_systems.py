"""What the lab runs on BSDs, played by real shells with tools that only say how they were called."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest

from parley.cell import commands
from parley.cell.systems import LINUX, words_of
from parley.cell.traffic import _ASKED, _ECHO
from parley.scenario.kernels import parse_kernel_of
from parley.scenario.state import KernelView

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = [shell for shell in ("sh", "mksh") if shutil.which(shell)]
BSDS = ("openbsd", "freebsd")
PAIRS = [("192.0.1.254", "192.0.2.254"), ("", "2001:db8:0:2::254")]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Programs that write down how they were called; ping(8) reaches everything of less than 3000 bytes."""
    place = tmp_path / "tools"
    place.mkdir()
    for name in ("ping", "ping6", "pfctl", "ifconfig", "kldload", "ipsecctl", "setkey"):
        script = place / name
        script.write_text(
            f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/called\n[ {name} = pfctl ] && cat >>{tmp_path}/typed\n'
            'case "$*" in *" 3000 "*) exit 1 ;; *) exit 0 ;; esac\n'
        )
        script.chmod(0o755)
    return place


def play(shell: str, command: str, tools: Path) -> tuple[str, str]:
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"}
    run = subprocess.run(
        [shell, "-c", command], env=environment, capture_output=True, text=True, check=True, input=""
    )
    called = tools.parent / "called"
    return run.stdout, called.read_text() if called.exists() else ""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("platform", BSDS)
def test_echoes_are_asked_and_told_as_on_linux(platform: str, shell: str, tools: Path) -> None:
    command = words_of(platform).ping(PAIRS, seconds=0.1)
    told, called = play(shell, command, tools)
    assert sorted(_ASKED.findall(command)) == sorted(_ASKED.findall(commands.ping(PAIRS, seconds=0.1)))
    assert sorted(echo for echo, _ in _ECHO.findall(told)) == sorted(_ASKED.findall(command))
    assert dict(_ECHO.findall(told))["192.0.1.254 192.0.2.254 3000"] == "down"
    assert dict(_ECHO.findall(told))["- 2001:db8:0:2::254 56"] == "up"
    option = {"openbsd": "-I", "freebsd": "-S"}[platform]
    assert re.search(rf"^ping .*-s 56 {option} 192.0.1.254 192.0.2.254$", called, re.MULTILINE)
    assert re.search(r"^ping6 .*-s 1300 2001:db8:0:2::254$", called, re.MULTILINE)


@pytest.mark.parametrize("platform", BSDS)
def test_a_guard_lets_echoes_pass_where_a_tunnel_ends_and_nowhere_else(platform: str, tools: Path) -> None:
    pairs = [(ip_network("192.0.1.0/24"), ip_network("192.0.2.0/24"))]
    play("sh", words_of(platform).guard(pairs), tools)
    typed = (tools.parent / "typed").read_text()
    assert typed.count("block drop quick on ! enc0 inet proto icmp from") == 2
    assert typed.startswith('anchor "parley" {')
    play("sh", words_of(platform).unguard(), tools)
    assert "pfctl -q -a parley -F rules" in (tools.parent / "called").read_text()


@pytest.mark.parametrize("platform", BSDS)
def test_an_empty_kernel_is_one(platform: str, tools: Path) -> None:
    words = words_of(platform)
    told, _ = play("sh", words.kernel, tools)
    state, mark, policy = told.partition(commands.POLICY_MARK)
    assert mark
    assert parse_kernel_of(platform, state, policy) == KernelView()
    play("sh", words.gone, tools)


def test_further_addresses_go_to_the_card_that_has_the_name_s_mac(tools: Path) -> None:
    command = words_of("openbsd").add_addresses([ip_address("10.0.0.1"), ip_address("2001:db8::1")], "eth0")
    cards = tools.parent / "cards"
    cards.write_text("eth0 vio0\neth1 vio1\n")
    _, called = play("sh", command.replace("/parley/cards", str(cards)), tools)
    assert called == "ifconfig vio0 inet 10.0.0.1/32 alias\nifconfig vio0 inet6 2001:db8::1/128 alias\n"


def test_files_are_put_in_place_with_their_mode(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("text")
    target = tmp_path / "a b" / "it's.conf"
    subprocess.run(
        ["sh", "-c", words_of("openbsd").install(f"{tmp_path}/source", str(target), 0o600)], check=True
    )
    assert target.read_text() == "text"
    assert target.stat().st_mode & 0o777 == 0o600


def test_all_but_the_bsds_run_linux() -> None:
    assert words_of("debian") is words_of("fedora") is LINUX
    assert LINUX.kernel == commands.KERNEL

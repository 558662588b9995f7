from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from parley.daemon.shell import forget_ipsec, supervise, wait_until
from parley.daemon.trust import authorities
from parley.scenario.model import Role
from scenario_files import scenario

if TYPE_CHECKING:
    from pathlib import Path

POLICIES = """\
src 192.0.1.0/24 dst 192.0.2.0/24 
\tdir out priority 375423 ptype main 
\ttmpl src 192.1.2.45 dst 192.1.2.23
\t\tproto esp spi 0xc1111111 reqid 1 mode tunnel
src 192.0.1.0/24 dst 192.0.2.0/24 proto icmp 
\tdir out action block priority 4000000000 ptype main 
src 192.0.2.0/24 dst 192.0.1.0/24 
\tdir in priority 375423 ptype main 
\ttmpl src 192.1.2.23 dst 192.1.2.45
\t\tproto esp reqid 1 mode tunnel
"""  # noqa: W291 -- ip(8) prints it so


def sh(script: str, *, path: str = os.defpath) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=False, env={"PATH": path}
    )


def test_a_wait_ends_when_its_condition_holds(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    ended = sh(f"{wait_until(f'[ -e {mark} ]', seconds=60, meanwhile=f'touch {mark}')}\necho after")
    assert (ended.returncode, ended.stdout) == (0, "after\n")


def test_a_wait_in_vain_fails_and_says_so() -> None:
    ended = sh(f"{wait_until('false', seconds=0, otherwise='echo because')}\necho after")
    assert (ended.returncode, ended.stdout) == (1, "because\n")
    assert ended.stderr == "gave up after 0 s\n"


def test_how_a_daemon_ends_is_written_down(tmp_path: Path) -> None:
    exits, log = tmp_path / "exits", tmp_path / "log"
    command = supervise("pluto", "sh -c 'echo said; exit 3'", log=str(log))
    sh(f"{command.replace('/parley/state/exits', str(exits))}\nwait")
    assert exits.read_text() == "pluto 3\n"
    assert log.read_text() == "said\n"


def test_the_kernel_forgets_all_but_what_is_to_be_kept(tmp_path: Path) -> None:
    (tmp_path / "policies").write_text(POLICIES)
    fake = tmp_path / "ip"
    fake.write_text(
        f"#!/bin/sh\ncase $* in\n*list*) cat {tmp_path}/policies ;;\n-batch*) cat >{tmp_path}/batch ;;\n"
        f"*) echo $* >{tmp_path}/other ;;\nesac\n"
    )
    fake.chmod(0o755)
    assert sh(forget_ipsec(keep="action block"), path=f"{tmp_path}:{os.defpath}").returncode == 0
    assert (tmp_path / "other").read_text() == "xfrm state flush\n"
    deleted = [" ".join(line.split()) for line in (tmp_path / "batch").read_text().splitlines()]
    assert deleted == [
        "xfrm policy delete src 192.0.1.0/24 dst 192.0.2.0/24 dir out",
        "xfrm policy delete src 192.0.2.0/24 dst 192.0.1.0/24 dir in",
    ]


def test_whom_a_side_trusts() -> None:
    certificates = '[initiator]\nauth = "certificate"\ncertificate = "{}"\n[responder]\nauth = "certificate"'
    connection = scenario(certificates.format("rsa")).connection
    assert authorities(connection, Role.INITIATOR) == ["rsa", "ecdsa"]
    assert authorities(connection, Role.RESPONDER) == ["ecdsa", "rsa"]
    refused = certificates.format("unknown") + '\n[expect]\noutcome = "refused"'
    connection = scenario(refused).connection
    assert authorities(connection, Role.INITIATOR) == ["unknown", "ecdsa"]
    assert authorities(connection, Role.RESPONDER) == ["ecdsa"]
    assert authorities(scenario("").connection, Role.INITIATOR) == []

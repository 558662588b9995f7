from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.case.model import HostSpec, ScriptedCase, Step
from parley.upstream.lacks import LACKS, declared_lack, wanted_modules

if TYPE_CHECKING:
    from pathlib import Path


def case(directory: Path, *commands: str, platform: str = "debian") -> ScriptedCase:
    steps = tuple(
        Step("west", text, directory / "west.sh", number, is_comment=text.startswith("#"))
        for number, text in enumerate(commands)
    )
    return ScriptedCase("x-01", directory, directory.parent, (HostSpec("west", platform),), steps)


def test_an_ordinary_case_can_run(tmp_path: Path) -> None:
    ordinary = case(tmp_path, "../../guestbin/swan-prep", "ipsec start", "iptables -F", "setenforce 0")
    assert declared_lack(ordinary) == ""


@pytest.mark.parametrize("platform", ["openbsd", "netbsd", "freebsd", "alpine"])
def test_another_system_cannot_run_and_is_named(tmp_path: Path, platform: str) -> None:
    lack = declared_lack(case(tmp_path, "ipsec start", platform=platform))
    assert lack.startswith("other platform: ")
    assert platform in lack


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("../../guestbin/semodule.sh ipsecspd.te", "SELinux"),
        ("ausearch -m avc", "SELinux"),
        ("../../guestbin/fipson", "FIPS"),
        ("../../guestbin/swan-prep --fips", "FIPS"),
        ("../../guestbin/ocspd.sh --start", "OCSP"),
        ("racoonctl vpn-connect 192.1.2.23", "other daemon"),
        ("systemctl status ipsec", "systemd"),
        ("../../guestbin/ansible-playbook.sh", "containers"),
    ],
)
def test_what_a_command_asks_for_is_the_class(tmp_path: Path, command: str, name: str) -> None:
    assert declared_lack(case(tmp_path, "ipsec start", command)).startswith(f"{name}: ")


def test_what_a_configuration_asks_for_is_the_class(tmp_path: Path) -> None:
    (tmp_path / "west.conf").write_text("conn a\n\tsec-label=system_u:object_r:t:s0\n")
    assert declared_lack(case(tmp_path, "ipsec start")).startswith("SELinux: ")


def test_what_a_comment_says_is_no_need(tmp_path: Path) -> None:
    assert declared_lack(case(tmp_path, "# needs racoon and ocspd", "ipsec start")) == ""


def test_output_that_speaks_of_fips_is_no_need(tmp_path: Path) -> None:
    assert declared_lack(case(tmp_path, 'ipsec status | grep "fips mode=disabled"')) == ""


def test_every_class_says_why() -> None:
    assert all(lack.reason and (lack.commands or lack.files) for lack in LACKS)


def test_vti_is_loaded_for_those_that_configure_it(tmp_path: Path) -> None:
    ordinary = case(tmp_path, "ipsec start")
    assert wanted_modules(ordinary) == ()
    (tmp_path / "west.conf").write_text("conn a\n\tvti-interface=vti0\n")
    assert wanted_modules(ordinary) == ("ip_vti", "ip6_vti")

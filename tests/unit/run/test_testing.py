from __future__ import annotations

import os
from pathlib import Path

import pytest

from case_files import MERGED, case_of, write_files
from parley.errors import InputError
from parley.lab.jail import Jail, Owner
from parley.run.testing import (
    certificate_kinds,
    lay_out_certificates,
    lay_out_testing,
    scenario_kinds,
)
from parley.scenario.load import parse_scenario

SCENARIO = """\
title = "Two kinds"
[initiator]
auth = "certificate"
certificate = "rsa"
[responder]
auth = "certificate"
certificate = "ecdsa"
"""


@pytest.fixture
def jail(tmp_path: Path) -> Jail:
    made = Jail(tmp_path / "share", Owner(os.geteuid(), os.getegid()))
    made.create()
    return made


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_files(tmp_path / "tree" / "suite" / "basic", MERGED)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    names = ("ca.crt", "crl.pem", "crl.der", "east.crt", "east.key", "west.p12", "north.key", "eastern.key")
    for kind in ("rsa", "ecdsa"):
        write_files(tmp_path / "certificates" / kind, {name: f"{kind} {name}" for name in names})
    return tmp_path / "certificates"


def lay_out(directory: Path, jail: Jail, certificates: Path, **overrides: str) -> list[str]:
    lay_out_testing(case_of(directory, **overrides), jail, certificates)
    return [name.removeprefix("testing/") for name in jail.files("testing")]


def mode(jail: Jail, name: str) -> int:
    return (jail.root / "testing" / name).stat().st_mode & 0o777


def test_a_case_and_its_helpers_lie_as_in_their_tree(
    directory: Path, jail: Jail, certificates: Path, tmp_path: Path
) -> None:
    write_files(directory, {"west.conf": b"conn \xff\n"})
    write_files(directory / "policies", {"private": "192.0.2.0/24\n"})
    write_files(tmp_path / "tree" / "guestbin", {"ping-once.sh": "ping\n"})
    assert lay_out(directory, jail, certificates) == [
        "guestbin/ping-once.sh",
        "suite/basic/all.east-west.sh",
        "suite/basic/policies/private",
        "suite/basic/west.conf",
    ]
    assert jail.read("testing/suite/basic/west.conf") == b"conn \xff\n"


def test_a_suite_needs_no_helpers(directory: Path, jail: Jail, certificates: Path) -> None:
    # Yet scripts may look into the directory.
    lay_out(directory, jail, certificates)
    assert (jail.root / "testing" / "guestbin").is_dir()


def test_scripts_and_programs_are_executable_in_the_guest(
    directory: Path, jail: Jail, certificates: Path, tmp_path: Path
) -> None:
    helpers = write_files(tmp_path / "tree" / "guestbin", {"swan-prep": "", "run.sh": "", "rules.nft": ""})
    (helpers / "swan-prep").chmod(0o755)
    (helpers / "rules.nft").chmod(0o600)
    lay_out(directory, jail, certificates)
    assert mode(jail, "guestbin/swan-prep") == mode(jail, "guestbin/run.sh") == 0o755
    assert mode(jail, "guestbin/rules.nft") == 0o644


def test_what_earlier_runs_left_stays_outside(directory: Path, jail: Jail, certificates: Path) -> None:
    write_files(directory / "OUTPUT", {"east.pluto.log": "x509/rsa"})
    write_files(directory / "NS" / "east", {"pluto.ctl": ""})
    assert lay_out(directory, jail, certificates) == ["suite/basic/all.east-west.sh"]
    # Yet scripts of Libreswan's write into it.
    assert (jail.root / "testing" / "suite" / "basic" / "OUTPUT").is_dir()


def test_links_to_directories_are_not_followed(directory: Path, jail: Jail, certificates: Path) -> None:
    (directory / "up").symlink_to(directory)
    (directory / "west.conf").symlink_to(directory / "all.east-west.sh")
    names = lay_out(directory, jail, certificates)
    assert names == ["suite/basic/all.east-west.sh", "suite/basic/west.conf"]


def test_a_pipe_in_the_directory_blocks_nobody(directory: Path, jail: Jail, certificates: Path) -> None:
    os.mkfifo(directory / "pipe")
    assert lay_out(directory, jail, certificates) == ["suite/basic/all.east-west.sh"]


def test_the_configuration_that_applies_has_the_plain_name(
    directory: Path, jail: Jail, certificates: Path
) -> None:
    write_files(directory, {"east.iked.conf": "plain", "east.openbsd.iked.conf": "native"})
    lay_out(directory, jail, certificates)
    assert jail.read("testing/suite/basic/east.iked.conf") == b"plain"
    lay_out(directory, jail, certificates, east="openbsd/openiked")
    assert jail.read("testing/suite/basic/east.iked.conf") == b"native"
    assert (directory / "east.iked.conf").read_text() == "plain"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("cp ../../x509/rsa/ca.crt .", {"rsa"}),
        ("start.sh --x509 ecdsa && start.sh --x509 rsa", {"ecdsa", "rsa"}),
        # Libreswan's own authorities are no kinds of the lab's.
        ("/testing/x509/import.sh real/mainca/east.p12", set()),
        ("nox509/rsa x509-rsa x509/", set()),
    ],
)
def test_files_name_the_kinds_of_certificates(directory: Path, text: str, kinds: set[str]) -> None:
    write_files(directory, {"east.conf": text})
    assert certificate_kinds(case_of(directory)) == kinds


def test_hosts_get_their_own_certificates_of_the_kinds_that_are_named(
    directory: Path, jail: Jail, certificates: Path
) -> None:
    write_files(directory, {"all.east-west.sh": "east# start.sh --x509 rsa\n"})
    names = lay_out(directory, jail, certificates)
    assert [name for name in names if name.startswith("x509")] == [
        f"x509/rsa/{name}" for name in ("ca.crt", "crl.der", "crl.pem", "east.crt", "east.key", "west.p12")
    ]


def test_both_ends_of_a_scenario_find_both_kinds(jail: Jail, certificates: Path) -> None:
    scenario = parse_scenario(Path("two.toml"), SCENARIO)
    assert scenario_kinds(scenario) == {"rsa", "ecdsa"}
    lay_out_certificates(scenario, jail, certificates)
    kinds = {name.split("/")[2] for name in jail.files("testing")}
    assert kinds == {"rsa", "ecdsa"}


def test_a_scenario_without_certificates_needs_none(jail: Jail, certificates: Path) -> None:
    scenario = parse_scenario(Path("psk.toml"), 'title = "Keys"\n')
    assert not scenario_kinds(scenario)
    lay_out_certificates(scenario, jail, certificates)
    assert list(jail.files("testing")) == []
    assert (jail.root / "testing").is_dir()


def test_a_file_that_cannot_be_read_is_named(
    directory: Path, jail: Jail, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of(directory)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"all\.east-west\.sh: cannot be read: Permission denied"):
        lay_out_testing(case, jail, certificates)

from __future__ import annotations

from pathlib import Path

import pytest

from parley.case.configuration import implementation_of, qualified_files, require_configuration
from parley.case.model import HostSpec
from parley.errors import InputError

EAST = HostSpec("east", "openbsd")
WEST = HostSpec("west")
NIC = HostSpec("nic")
HOSTS = (EAST, NIC, WEST)


def paths(*names: str) -> list[Path]:
    return [Path("case") / name for name in names]


def implementation(*names: str, spec: HostSpec = EAST) -> str:
    return implementation_of(spec, paths(*names), HOSTS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("east.iked.conf", "openiked"),
        ("iked.conf", "openiked"),
        ("east.swanctl.conf", "strongswan"),
        ("east.strongswan.conf", "strongswan"),
        ("swanctl.conf", "strongswan"),
        ("strongswan.conf", "strongswan"),
        ("east.conf", "libreswan"),
        ("east.ipsec.conf", "libreswan"),
        ("ipsec.conf", "libreswan"),
        ("east.secrets", "libreswan"),
        ("ipsec.secrets", "libreswan"),
        ("east.openbsd.iked.conf", "openiked"),
        ("east.openbsd.conf", "libreswan"),
        ("east.west=debian.conf", "libreswan"),
        # Not for this host, not for this platform, or not for an IKE daemon.
        ("west.iked.conf", ""),
        ("east.debian.iked.conf", ""),
        ("east.xl2tpd.conf", ""),
        ("east.racoon.conf", ""),
        ("east-ikev2-oe.conf", ""),
        ("resolv.conf", ""),
        ("conf", ""),
        ("secrets", ""),
    ],
)
def test_a_file_says_which_daemon_reads_it(name: str, expected: str) -> None:
    assert implementation(name) == expected


def test_a_hosts_own_file_beats_those_for_all() -> None:
    assert implementation("ipsec.conf", "east.iked.conf") == "openiked"
    assert implementation("ipsec.conf", "east.iked.conf", spec=WEST) == "libreswan"


def test_ipsec_conf_is_a_format_of_strongswan_too() -> None:
    assert implementation("east.conf", "east.secrets", "east.strongswan.conf") == "strongswan"


def test_the_router_runs_no_daemon_that_is_meant_for_all() -> None:
    assert not implementation("ipsec.conf", spec=NIC)
    assert implementation("ipsec.conf", "nic.conf", spec=NIC) == "libreswan"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("east.iked.conf", "east.swanctl.conf"),
        ("east.iked.conf", "east.conf"),
        ("iked.conf", "ipsec.conf"),
        ("swanctl.conf", "ipsec.conf"),
    ],
)
def test_two_daemons_are_an_error_that_names_both_files(first: str, second: str) -> None:
    with pytest.raises(InputError) as caught:
        implementation(first, second)
    assert first in str(caught.value)
    assert second in str(caught.value)
    assert "--host east=openbsd/" in caught.value.hint


def test_the_platform_may_decide_between_daemons() -> None:
    names = ("east.openbsd.iked.conf", "east.debian.swanctl.conf")
    assert implementation(*names) == "openiked"
    assert (
        implementation_of(WEST, paths(*(name.replace("east", "west") for name in names)), HOSTS)
        == "strongswan"
    )


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("east.opnbsd.iked.conf", "openbsd"),
        ("east.opnbsd.conf", "openbsd"),
        ("east.west=debain.secrets", "debian"),
        # Only what ends in .conf or .secrets alone may be some other program's.
        ("east.xyzzy.iked.conf", "known: "),
    ],
)
def test_mistyped_qualifiers_do_not_go_unseen(name: str, nearest: str) -> None:
    with pytest.raises(InputError) as caught:
        implementation("east.conf", name)
    assert nearest in caught.value.hint


def test_what_is_asked_for_must_be_configured() -> None:
    files = paths("east.conf", "ipsec.secrets")
    require_configuration(HostSpec("east", "debian", "libreswan@sid"), files, HOSTS)
    with pytest.raises(
        InputError, match=r"east has east\.conf for libreswan, and nothing for openiked"
    ) as caught:
        require_configuration(HostSpec("east", "debian", "openiked"), files, HOSTS)
    assert "east.iked.conf" in caught.value.hint


@pytest.mark.parametrize(
    ("wanted", "name"), [("strongswan", "east.swanctl.conf"), ("libreswan@sid", "east.ipsec.conf")]
)
def test_the_missing_file_is_named(wanted: str, name: str) -> None:
    with pytest.raises(InputError) as caught:
        require_configuration(HostSpec("east", "debian", wanted), paths("east.iked.conf"), HOSTS)
    assert caught.value.hint == f"write {name}"


def test_what_configures_a_third_partys_daemon_is_not_known() -> None:
    require_configuration(HostSpec("east", "debian", "pluto-ng"), paths("east.conf"), HOSTS)


def test_scripts_may_configure_on_their_own() -> None:
    require_configuration(HostSpec("east", "debian", "openiked"), paths("west.conf"), HOSTS)


def test_qualified_files_go_by_the_names_that_daemons_look_for() -> None:
    files = paths(
        "east.conf",
        "east.iked.conf",
        "east.openbsd.iked.conf",
        "east.debian.iked.conf",
        "west.east=openiked.conf",
    )
    cast = (HostSpec("east", "openbsd", "openiked"), HostSpec("west", "debian", "libreswan"))
    assert qualified_files(files, cast) == {
        "east.iked.conf": Path("case/east.openbsd.iked.conf"),
        "west.conf": Path("case/west.east=openiked.conf"),
    }


def test_the_longest_ending_says_what_a_file_is() -> None:
    # strongswan is a qualifier too, but this is no east.conf.
    files = paths("east.strongswan.conf", "east.debian.conf")
    cast = (HostSpec("east", "debian", "strongswan"),)
    assert qualified_files(files, cast) == {"east.conf": Path("case/east.debian.conf")}

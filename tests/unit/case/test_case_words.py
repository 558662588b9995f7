from __future__ import annotations

import pytest

from parley.case.model import HostSpec
from parley.case.words import Guest, guests_in, has_role, parse_guest, parse_role
from parley.errors import UsageError


@pytest.mark.parametrize(
    ("word", "guest"),
    [
        ("east", Guest("east")),
        ("openbsdeast", Guest("east", "openbsd")),
        ("linuxwest", Guest("west", "linux")),
        ("netbsdrise", Guest("rise", "netbsd")),
        ("freebsdw", Guest("west", "freebsd")),
        ("openbsde", Guest("east", "openbsd")),
        ("e", None),
        ("eastern", None),
        ("beast", None),
        ("solariseast", None),
        ("", None),
    ],
)
def test_a_guest_is_a_host_with_or_without_platform(word: str, guest: Guest | None) -> None:
    assert parse_guest(word) == guest


def test_guests_stand_in_the_order_of_the_name_and_each_once() -> None:
    found = guests_in("99-west-openbsdeast-west.sh")
    assert found == [Guest("west"), Guest("east", "openbsd")]


@pytest.mark.parametrize("name", ["restart.sh", "eastern.sh", "roadinit-1.sh", "nic02.sh", "setup.sh"])
def test_parts_of_words_name_nothing(name: str) -> None:
    assert guests_in(name) == []


def test_glued_names_are_for_those_who_ask() -> None:
    assert guests_in("01-eastinit") == []
    assert guests_in("01-eastinit", glued=True) == [Guest("east")]
    assert guests_in("01-setup", glued=True) == []


def test_linux_and_nothing_are_the_default_platform() -> None:
    assert Guest("east").spec == Guest("east", "linux").spec == HostSpec("east", "debian")
    assert Guest("east", "openbsd").spec == HostSpec("east", "openbsd")


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("openbsd/openiked", ("openbsd", "openiked")),
        ("openbsd", ("openbsd", "")),
        ("openiked", ("", "openiked")),
        ("/strongswan", ("", "strongswan")),
        ("linux/libreswan", ("debian", "libreswan")),
        ("debian/strongswan@sid", ("debian", "strongswan@sid")),
    ],
)
def test_a_role_may_lack_either_part(text: str, role: tuple[str, str]) -> None:
    assert parse_role("east", text) == role


@pytest.mark.parametrize(
    ("host", "text", "hint"),
    [
        ("easst", "openbsd", "east"),
        ("east", "opnbsd/openiked", "openbsd"),
        ("east", "openbsd/openikd", "openiked"),
        ("east", "strongswn", "strongswan"),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest(host: str, text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_role(host, text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("word", "holds"),
    [
        ("debian", True),
        ("linux", True),
        ("libreswan", True),
        ("libreswan@sid", True),
        ("libreswan@trixie", False),
        ("openbsd", False),
        ("openiked", False),
    ],
)
def test_a_word_is_about_platform_or_implementation(word: str, holds: bool) -> None:
    assert has_role(HostSpec("east", "debian", "libreswan@sid"), word) is holds


def test_openbsd_s_own_name_of_its_daemon_is_known() -> None:
    assert parse_role("east", "openbsd/iked") == ("openbsd", "openiked")
    assert parse_role("east", "iked") == ("", "openiked")

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.errors import UsageError
from parley.scenario.suite import default_scenarios, is_meant, load_scenarios

if TYPE_CHECKING:
    from pathlib import Path

    from parley.scenario.model import Scenario


@pytest.fixture(scope="module")
def shipped() -> list[Scenario]:
    return load_scenarios([default_scenarios()])[0]


def write(directory: Path, **texts: str) -> Path:
    directory.mkdir(exist_ok=True)
    for name, text in texts.items():
        (directory / f"{name}.toml").write_text(text)
    return directory


def test_files_and_directories_load_in_order(tmp_path: Path) -> None:
    one = write(tmp_path / "one", b='title = "B"', a='title = "A"')
    two = write(tmp_path / "two", c='title = "C"')
    (one / "notes.txt").write_text("no scenario")
    scenarios, errors = load_scenarios([two / "c.toml", one])
    assert [each.name for each in scenarios] == ["c", "a", "b"]
    assert errors == []


def test_a_broken_file_spoils_no_other(tmp_path: Path) -> None:
    directory = write(tmp_path / "some", a='title = "A"', b="core = 1", c='title = "C"')
    scenarios, errors = load_scenarios([directory])
    assert [each.name for each in scenarios] == ["a", "c"]
    assert [(error.path.name, error.line) for error in errors] == [("b.toml", 1)]


def test_two_scenarios_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", a='title = "A"'), write(tmp_path / "two", a='title = "Other"')
    scenarios, errors = load_scenarios([one, two])
    assert [each.title for each in scenarios] == ["A"]
    (error,) = errors
    assert (error.path, error.line) == (two / "a.toml", 1)
    assert f"{one / 'a.toml'} has the same name" in str(error)


def test_a_file_named_twice_is_one_scenario(tmp_path: Path) -> None:
    directory = write(tmp_path / "some", a='title = "A"')
    scenarios, errors = load_scenarios([directory, directory / "a.toml", directory / ".." / "some"])
    assert (len(scenarios), errors) == (1, [])


def test_a_path_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file or directory"):
        load_scenarios([tmp_path / "missing"])
    with pytest.raises(UsageError, match=r"no file in .* ends in \.toml"):
        load_scenarios([tmp_path])


@pytest.mark.parametrize(
    ("selector", "some", "not_others"),
    [
        ("psk", {"psk"}, {"wrong-psk"}),
        ("wrong-*", {"wrong-psk", "wrong-identity-initiator"}, {"psk"}),
        ("core", {"psk", "wrong-psk"}, {"dead-peer"}),
        ("rfc:7383", {"fragmentation"}, {"psk"}),
        ("ready:IKEv2Interop.1.12*", {"pool-ipv6"}, {"pool-ipv4"}),
        ("auth:eap-*", {"eap-tls", "eap-mschapv2"}, {"cert-rsa"}),
        ("do:move", {"mobike"}, {"psk"}),
        ("outcome:refused", {"expired", "no-common-ike"}, {"psk"}),
    ],
)
def test_selectors(shipped: list[Scenario], selector: str, some: set[str], not_others: set[str]) -> None:
    found = {each.name for each in shipped if is_meant(each, selector)}
    assert some <= found
    assert not found & not_others


def test_a_field_that_scenarios_do_not_have_is_said(shipped: list[Scenario]) -> None:
    with pytest.raises(UsageError, match="scenarios have no field kor"):
        is_meant(shipped[0], "kor:true")

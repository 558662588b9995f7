from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.errors import UsageError
from parley.scenario.suite import default_scenarios, load_scenarios, select_scenarios

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


def names(scenarios: list[Scenario], *selectors: str) -> list[str]:
    return [each.name for each in select_scenarios(scenarios, selectors)]


def test_without_selectors_all_are_meant(shipped: list[Scenario]) -> None:
    assert names(shipped) == [each.name for each in shipped]


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
    found = set(names(shipped, selector))
    assert some <= found
    assert not found & not_others


def test_several_selectors_mean_each_once_in_the_order_of_the_scenarios(shipped: list[Scenario]) -> None:
    assert names(shipped, "wrong-psk", "psk", "*psk") == [
        each.name for each in shipped if each.name.endswith("psk")
    ]


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("pks", "did you mean psk?"),
        ("kor:true", "scenarios have no field kor"),
        ("rfc:1", "no scenario is meant by 'rfc:1'"),
    ],
)
def test_a_selector_that_means_nothing_is_said(shipped: list[Scenario], selector: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        select_scenarios(shipped, ["psk", selector])
    assert message in str(caught.value)

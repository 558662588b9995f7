from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from case_files import MERGED, write_files
from parley.case.selector import select_cases
from parley.case.suite import load_suite
from parley.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from parley.case.suite import Suite

CASES = {
    "iked-psk": {**MERGED, "east.iked.conf": "", "west.conf": ""},
    "basic": {**MERGED, "ipsec.conf": ""},
    "iked-rsa": {"all.openbsdeast-west.sh": "east# ls\n", "iked.conf": ""},
    "draft": {"all.east-north.sh": "east# ls\n", "ipsec.conf": ""},
    "road": {"all.nic-road.sh": "road# ls\n"},
    "stray": MERGED,
    "broken": {"all.east-west.sh": "nonsense\n"},
}
TESTLIST = """\
kvmplutotest iked-psk good
kvmplutotest basic good
pfkeytest iked-rsa good
kvmplutotest draft wip github/7
kvmplutotest road good
"""


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    directory = tmp_path / "suite"
    for name, files in CASES.items():
        write_files(directory / name, files)
    write_files(directory, {"TESTLIST": TESTLIST})
    return load_suite(directory)


def names(suite: Suite, *selectors: str, **overrides: str) -> list[str]:
    cases, errors = select_cases([suite], selectors, overrides=overrides)
    assert not errors
    return [case.name for case in cases]


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        ([], ["iked-psk", "basic", "iked-rsa", "road"]),
        (["*"], ["iked-psk", "basic", "iked-rsa", "road"]),
        (["basic"], ["basic"]),
        (["iked-*"], ["iked-psk", "iked-rsa"]),
        (["[br]*"], ["basic", "road"]),
        # In the suite's order, and each once.
        (["road", "iked-*", "iked-rsa", "road"], ["iked-psk", "iked-rsa", "road"]),
        # Named in full, a case is meant whatever its status.
        (["draft"], ["draft"]),
        (["stray", "basic"], ["basic", "stray"]),
        (["d*", "b*"], None),
        (["status:wip"], ["draft"]),
        (["status:w*", "status:good"], ["iked-psk", "basic", "iked-rsa", "draft", "road"]),
        (["issue:github/*"], ["draft"]),
        (["kind:pfkeytest"], ["iked-rsa"]),
        (["host:road"], ["road"]),
        (["platform:openbsd"], ["iked-rsa"]),
        (["platform:linux"], ["iked-psk", "basic", "iked-rsa", "road"]),
        (["implementation:openiked"], ["iked-psk", "iked-rsa"]),
        (["implementation:openiked", "draft", "host:nic"], ["iked-psk", "iked-rsa", "draft", "road"]),
    ],
)
def test_selectors(suite: Suite, selectors: list[str], expected: list[str] | None) -> None:
    if expected is None:
        with pytest.raises(UsageError):
            names(suite, *selectors)
    else:
        assert names(suite, *selectors) == expected


@pytest.mark.parametrize(
    ("selector", "hint"),
    [
        ("basik", "basic"),
        ("iked-pks", "iked-psk"),
        ("zzz", "parley list"),
        ("d*", "1 with another status"),
        ("status:done", "known: good, unlisted, wip"),
        ("status:wpi", "did you mean wip?"),
        ("kind:pfkeytset", "did you mean pfkeytest?"),
        ("kind:basic", "known: kvmplutotest, pfkeytest"),
        ("platform:freebsd", "parley list"),
        ("platform:opnbsd", "did you mean openbsd?"),
        ("host:easst", "did you mean east?"),
        ("implementation:iked", "did you mean openiked?"),
        # Only a draft has it, and no field but status: and issue: means drafts.
        ("host:north", "parley list"),
        ("stauts:good", "status"),
        ("Basic", "basic"),
        ("", "parley list"),
    ],
)
def test_a_selector_that_means_nothing_is_an_error(suite: Suite, selector: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        names(suite, "basic", "draft", selector)
    assert hint in caught.value.hint


def test_nothing_good_is_no_error_unless_asked_for(tmp_path: Path) -> None:
    write_files(tmp_path / "draft", MERGED)
    write_files(tmp_path, {"TESTLIST": "kvmplutotest draft wip\n"})
    suite = load_suite(tmp_path)
    assert names(suite) == names(suite, east="openbsd") == []
    with pytest.raises(UsageError, match=r"'\*'"):
        names(suite, "*")


def test_a_broken_case_is_its_own_error_only(suite: Suite) -> None:
    cases, errors = select_cases([suite], ["broken", "basic"], overrides={})
    assert [case.name for case in cases] == ["basic"]
    assert [(error.path.parent.name, error.line) for error in errors] == [("broken", 1)]


def test_a_broken_case_is_not_looked_at_unless_meant(suite: Suite, tmp_path: Path) -> None:
    write_files(tmp_path / "suite", {"TESTLIST": TESTLIST + "kvmplutotest broken good\n"})
    assert names(load_suite(suite.path), "basic") == ["basic"]


def test_a_broken_case_that_is_not_good_excuses_no_selector(suite: Suite) -> None:
    with pytest.raises(UsageError, match="host:north"):
        select_cases([suite], ["broken", "host:north"], overrides={})


def test_whether_a_broken_case_has_a_host_cannot_be_known(suite: Suite, tmp_path: Path) -> None:
    write_files(tmp_path / "suite", {"TESTLIST": TESTLIST + "kvmplutotest broken good\n"})
    cases, errors = select_cases([load_suite(suite.path)], ["host:road"], overrides={})
    assert [case.name for case in cases] == ["road"]
    assert len(errors) == 1


def test_broken_cases_hide_no_mistyped_word_and_no_word_hides_broken_cases(tmp_path: Path) -> None:
    write_files(tmp_path / "broken", {"all.east-west.sh": "nonsense\n"})
    only_broken = load_suite(tmp_path)
    with pytest.raises(UsageError, match="no such word"):
        select_cases([only_broken], ["implementation:iked"], overrides={})
    cases, errors = select_cases([only_broken], ["implementation:openiked"], overrides={})
    assert not cases
    assert [error.path.parent.name for error in errors] == ["broken"]


def test_a_name_that_a_broken_testlist_may_hide(suite: Suite, tmp_path: Path) -> None:
    write_files(tmp_path / "suite", {"TESTLIST": f"{TESTLIST}kvmplutotest later good\n"})
    with pytest.raises(UsageError, match="'later'") as caught:
        select_cases([load_suite(suite.path)], ["later"], overrides={})
    assert caught.value.hint.endswith("TESTLIST:6: there is no directory later")


def test_errors_of_the_testlist_come_along(suite: Suite, tmp_path: Path) -> None:
    write_files(tmp_path / "suite", {"TESTLIST": TESTLIST + "nonsense\n"})
    cases, errors = select_cases([load_suite(suite.path)], ["basic"], overrides={})
    assert [case.name for case in cases] == ["basic"]
    assert [error.line for error in errors] == [6]


def test_overrides_reach_the_cases_that_have_the_host(suite: Suite) -> None:
    cases, _ = select_cases([suite], ["iked-psk", "road"], overrides={"east": "openbsd/openiked"})
    assert cases[0].hosts[0].platform == "openbsd"
    assert [host.name for host in cases[1].hosts] == ["nic", "road"]


def test_selectors_see_what_overrides_make_of_hosts(suite: Suite) -> None:
    assert names(suite, "platform:freebsd", west="freebsd") == ["iked-psk", "basic", "iked-rsa"]


@pytest.mark.parametrize("word", ["openiked", "openiked@sid", "openiked@*"])
def test_an_implementation_is_meant_with_or_without_its_suite(tmp_path: Path, word: str) -> None:
    write_files(tmp_path / "basic", MERGED)
    assert names(load_suite(tmp_path), f"implementation:{word}", east="openiked@sid") == ["basic"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"esat": "openbsd"}, "no host is called esat"),
        ({"east": "opnbsd"}, "no platform or implementation is called opnbsd"),
        ({"north": "openbsd"}, "no selected case has this host"),
    ],
)
def test_an_override_that_means_nothing_is_an_error(
    suite: Suite, overrides: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        select_cases([suite], [], overrides=overrides)


def test_a_directory_that_is_no_case_is_told_what_a_case_holds(suite: Suite) -> None:
    (suite.path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        select_cases([suite], ["empty"], overrides={})
    assert "all.HOST-HOST.sh" in caught.value.hint


def test_a_broken_case_may_be_the_one_that_has_the_host(suite: Suite) -> None:
    cases, errors = select_cases([suite], ["basic", "broken"], overrides={"north": "openbsd"})
    assert [case.name for case in cases] == ["basic"]
    assert len(errors) == 1


def test_the_same_suite_twice_is_the_same_cases(suite: Suite) -> None:
    cases, errors = select_cases([suite, load_suite(suite.path / "basic")], ["basic"], overrides={})
    assert [case.name for case in cases] == ["basic"]
    assert not errors


def test_two_cases_of_one_name_are_an_error(suite: Suite, tmp_path: Path) -> None:
    other = load_suite(write_files(tmp_path / "other" / "basic", MERGED))
    cases, errors = select_cases([suite, other], ["basic"], overrides={})
    assert [case.suite for case in cases] == [suite.path]
    assert "same name" in str(errors[0])

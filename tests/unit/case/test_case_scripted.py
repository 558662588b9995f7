from __future__ import annotations

from pathlib import Path

import pytest

from case_files import MERGED, case_of, write_files
from parley.case.model import HostSpec, Reference
from parley.case.scripted import load_case
from parley.case.testlist import Listed
from parley.errors import InputError

TUNNEL = {
    "all.east-west.sh": "west# ipsec start\neast# rcctl start iked\n",
    "description.txt": "A tunnel\n\nBetween two.\n",
    "east.iked.conf": "",
    "west.conf": "",
}


def test_a_case_is_what_its_directory_and_testlist_say(tmp_path: Path) -> None:
    directory = write_files(tmp_path / "suite" / "tunnel", TUNNEL)
    case = load_case(directory, Listed("tunnel", "kind", "wip", "github/7"), {})
    assert (case.name, case.directory, case.suite) == ("tunnel", directory, tmp_path / "suite")
    assert (case.title, case.description) == ("A tunnel", "Between two.")
    assert (case.kind, case.status, case.issue) == ("kind", "wip", "github/7")
    assert case.hosts == (HostSpec("east", "debian", "openiked"), HostSpec("west", "debian", "libreswan"))
    assert [step.host for step in case.steps] == ["west", "east"]
    assert (case.references, case.qualified, case.notes) == ((), {}, ())


def test_a_description_may_be_missing_or_odd(tmp_path: Path) -> None:
    assert not case_of(write_files(tmp_path / "a", MERGED)).title
    odd = write_files(tmp_path / "b", {**MERGED, "description.txt": b"\n caf\xe9 \n"})
    assert case_of(odd).title == "caf\\xe9"


def test_overrides_beat_the_files(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {**TUNNEL, "east.swanctl.conf": ""})
    with pytest.raises(InputError, match="cannot run both"):
        case_of(directory)
    case = case_of(directory, east="openbsd/openiked", north="openbsd")
    assert case.hosts[0] == HostSpec("east", "openbsd", "openiked")
    assert case_of(directory, east="strongswan").hosts[0] == HostSpec("east", "debian", "strongswan")


def test_overrides_keep_the_order_of_hosts_and_steps(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {"eastinit.sh": "a\n", "westinit.sh": "b\n", "final.sh": "c\n"})
    plain, other = case_of(directory), case_of(directory, west="alpine")
    assert [host.name for host in plain.hosts] == [host.name for host in other.hosts]
    assert plain.steps == other.steps


def test_an_override_without_configuration_is_an_error(tmp_path: Path) -> None:
    directory = write_files(tmp_path, TUNNEL)
    with pytest.raises(InputError, match="nothing for strongswan"):
        case_of(directory, west="strongswan")


def test_references_follow_the_cast(tmp_path: Path) -> None:
    names = ("east.console.txt", "west.console.txt", "west.east=openbsd.console.txt")
    directory = write_files(tmp_path, {**TUNNEL, **dict.fromkeys(names, "")})
    plain, native = case_of(directory), case_of(directory, east="openbsd")
    assert [reference.path.name for reference in plain.references] == list(names[:2])
    assert [reference.path.name for reference in native.references] == [names[0], names[2]]
    west = native.reference("west")
    assert west is not None
    assert west.path == directory / names[2]
    assert native.reference("north") is None


def test_a_merged_reference_is_the_only_one(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {**TUNNEL, "all.console.txt": "", "west.console.txt": ""})
    assert case_of(directory).references == (Reference("", directory / "all.console.txt"),)


def test_a_merged_reference_that_does_not_apply_leaves_the_others(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {**TUNNEL, "all.east=openbsd.console.txt": "", "west.console.txt": ""})
    assert [reference.host for reference in case_of(directory).references] == ["west"]
    assert [reference.host for reference in case_of(directory, east="openbsd").references] == [""]


def test_implementations_qualify_references_though_they_come_from_files(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {**TUNNEL, "west.east=openiked.console.txt": ""})
    assert [reference.host for reference in case_of(directory).references] == ["west"]


def test_a_mistyped_reference_is_an_error(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {**TUNNEL, "west.opnbsd.console.txt": ""})
    with pytest.raises(InputError, match="opnbsd"):
        case_of(directory)


def test_a_reference_of_no_host_is_noted(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {**TUNNEL, "nic.console.txt": "", "esat.console.txt": ""})
    assert [note.split()[0] for note in case_of(directory).notes] == ["esat.console.txt", "nic.console.txt"]


def test_qualified_configuration_stands_in_for_the_plain_one(tmp_path: Path) -> None:
    directory = write_files(tmp_path, {**TUNNEL, "east.openbsd.iked.conf": ""})
    assert case_of(directory).qualified == {}
    native = case_of(directory, east="openbsd/openiked")
    assert native.qualified == {"east.iked.conf": directory / "east.openbsd.iked.conf"}


def test_a_link_goes_by_its_own_name_in_its_own_suite(tmp_path: Path) -> None:
    write_files(tmp_path / "elsewhere" / "tunnel", TUNNEL)
    link = tmp_path / "suite" / "again"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "elsewhere" / "tunnel")
    case = case_of(link)
    assert (case.name, case.directory, case.suite) == ("again", link, link.parent)


def test_a_directory_called_like_a_file_is_none(tmp_path: Path) -> None:
    directory = write_files(tmp_path, TUNNEL)
    (directory / "east.swanctl.conf").mkdir()
    assert case_of(directory).hosts[0].implementation == "openiked"


def test_a_directory_that_cannot_be_read_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="there is no script"):
        case_of(tmp_path / "nowhere")
    directory = write_files(tmp_path, TUNNEL)

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match=f"{directory}: cannot be read: Permission denied"):
        case_of(directory)

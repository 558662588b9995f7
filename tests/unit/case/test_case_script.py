from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from case_files import new_case, write_files
from parley.case.script import load_script
from parley.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def steps(directory: Path) -> list[tuple[str, str]]:
    return [(step.host, step.text) for step in load_script(directory).steps]


def failure(directory: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load_script(directory)
    return caught.value


class TestMerged:
    def test_lines_go_to_their_hosts_in_order(self, tmp_path: Path) -> None:
        write_files(
            tmp_path,
            {
                "all.linuxwest-openbsdeast.sh": (
                    "# set up east\n#\n\neast# one\nwest# two\neast# # why three\neast# three\n"
                )
            },
        )
        script = load_script(tmp_path)
        assert [(step.host, step.text, step.line, step.is_comment) for step in script.steps] == [
            ("", "# set up east", 1, True),
            ("", "#", 2, True),
            ("east", "one", 4, False),
            ("west", "two", 5, False),
            ("east", "# why three", 6, True),
            ("east", "three", 7, False),
        ]
        assert [(host.name, host.platform) for host in script.hosts] == [
            ("west", "debian"),
            ("east", "openbsd"),
        ]
        assert {step.source for step in script.steps} == {tmp_path / "all.linuxwest-openbsdeast.sh"}

    def test_one_space_is_the_prompts_and_further_ones_the_commands(self, tmp_path: Path) -> None:
        # References show them.
        write_files(tmp_path, {"all.east.sh": "east#  two  \neast#none\n"})
        assert steps(tmp_path) == [("east", " two"), ("east", "none")]

    def test_empty_prompts_are_no_commands(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"all.east.sh": "east# \neast#\neast# ls\n"})
        assert steps(tmp_path) == [("east", "ls")]

    def test_final_goes_to_all_by_their_full_names(self, tmp_path: Path) -> None:
        # linuxwest comes before netbsdeast, and nic is a host of the case like the others.
        write_files(tmp_path, {"all.nic-netbsdeast-west.sh": "final# x\n"})
        assert steps(tmp_path) == [("nic", "x"), ("west", "x"), ("east", "x")]

    def test_the_last_line_needs_no_newline(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"all.east.sh": "east# ls"})
        assert steps(tmp_path) == [("east", "ls")]

    @pytest.mark.parametrize(
        ("line", "message", "hint"),
        [
            ('"east-west" #4: established', "neither", "one command a line"),
            ("  east# indented", "neither", ""),
            ("East# x", "neither", ""),
            ("easst# x", "no host is called easst", "east"),
            ("finale# x", "no host is called finale", "final"),
            ("north# x", "does not name north", "east, west"),
            ("openbsdwest# x", "another platform", ""),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, line: str, message: str, hint: str) -> None:
        write_files(tmp_path, {"all.east-west.sh": f"east# fine\n\n{line}\neast# fine\n"})
        error = failure(tmp_path)
        assert (error.path.name, error.line) == ("all.east-west.sh", 3)
        assert message in str(error)
        assert hint in error.hint

    def test_the_platform_may_be_said_again(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"all.openbsdeast-west.sh": "openbsdeast# a\nlinuxwest# b\n"})
        assert steps(tmp_path) == [("east", "a"), ("west", "b")]

    def test_there_is_only_one(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"all.east-west.sh": "east# a\n", "all.west.sh": "west# b\n"})
        assert "all.east-west.sh, all.west.sh" in str(failure(tmp_path))

    @pytest.mark.parametrize("name", ["all.sh", "all.eastern.sh"])
    def test_its_name_names_hosts(self, tmp_path: Path, name: str) -> None:
        write_files(tmp_path, {name: "east# a\n"})
        error = failure(tmp_path)
        assert error.path.name == name
        assert "names no host" in str(error)

    def test_hosts_in_the_path_name_nothing(self, tmp_path: Path) -> None:
        directory = write_files(tmp_path / "road-north", {"all.east.sh": "east# a\n"})
        assert [host.name for host in load_script(directory).hosts] == ["east"]

    def test_only_comments_are_no_case(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"all.east.sh": "# a\neast# # b\n"})
        assert "no command" in str(failure(tmp_path))

    def test_other_scripts_beside_it_are_not_played_and_that_is_said(self, tmp_path: Path) -> None:
        write_files(
            tmp_path,
            {"all.east.sh": "east# a\n", "final.sh": "b\n", "westinit.sh": "c\n", "testparams.sh": "d\n"},
        )
        script = load_script(tmp_path)
        assert [step.text for step in script.steps] == ["a"]
        assert script.notes == ("all.east.sh is played, and not final.sh, westinit.sh",)

    def test_a_host_has_one_platform(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"all.openbsdeast-netbsdeast.sh": "east# a\n"})
        assert "east cannot be netbsd here and openbsd in" in str(failure(tmp_path))

    @given(
        lines=st.lists(
            st.tuples(
                st.sampled_from(["east", "west", "nic"]),
                st.text(string.printable.strip(), min_size=1).filter(lambda text: not text.startswith("#")),
            ),
            min_size=1,
        )
    )
    def test_what_is_written_is_what_is_played(
        self, tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str]]
    ) -> None:
        text = "".join(f"{host}# {command}\n" for host, command in lines)
        directory = new_case(tmp_path_factory.getbasetemp(), {"all.east-west-nic.sh": text})
        assert steps(directory) == lines

    @given(data=st.binary(max_size=200))
    def test_garbage_is_an_input_error_or_a_script(
        self, tmp_path_factory: pytest.TempPathFactory, data: bytes
    ) -> None:
        directory = new_case(tmp_path_factory.getbasetemp(), {"all.east-west.sh": data})
        try:
            script = load_script(directory)
        except InputError:
            return
        assert all(step.text and "\n" not in step.text for step in script.steps)


class TestSplit:
    def test_the_order_is_init_run_named_final(self, tmp_path: Path) -> None:
        names = [
            "10-west-nic.sh",
            "9-east.sh",
            "eastinit.sh",
            "eastrun.sh",
            "final.sh",
            "nicinit.sh",
            "nicrun.sh",
            "northinit.sh",
            "road.sh",
            "westinit.sh",
            "westrun.sh",
        ]
        write_files(tmp_path, {name: f"{name}\n" for name in names})
        finals = [(host, "final.sh") for host in ("east", "nic", "north", "road", "west")]
        assert steps(tmp_path) == [
            ("nic", "nicinit.sh"),
            ("east", "eastinit.sh"),
            ("north", "northinit.sh"),
            ("west", "westinit.sh"),
            ("nic", "nicrun.sh"),
            ("east", "eastrun.sh"),
            ("west", "westrun.sh"),
            ("west", "10-west-nic.sh"),
            ("nic", "10-west-nic.sh"),
            ("east", "9-east.sh"),
            ("road", "road.sh"),
            *finals,
        ]

    def test_a_script_of_several_hosts_is_played_whole_on_each(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"99-west-east.sh": "a\n\n  b \n"})
        assert steps(tmp_path) == [("west", "a"), ("west", "b"), ("east", "a"), ("east", "b")]

    def test_lines_know_where_they_stand(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"eastinit.sh": "\n# why\nls\n"})
        first, second = load_script(tmp_path).steps
        assert (first.line, first.is_comment, first.host) == (2, True, "east")
        assert (second.line, second.is_comment, second.source) == (3, False, tmp_path / "eastinit.sh")

    def test_final_is_played_by_full_names(self, tmp_path: Path) -> None:
        # fedorawest comes before linuxeast, and that before netbsdnorth.
        scripts = {"1-netbsdnorth.sh": "a\n", "2-east.sh": "b\n", "3-fedorawest.sh": "c\n", "final.sh": "f\n"}
        write_files(tmp_path, scripts)
        assert steps(tmp_path)[3:] == [("west", "f"), ("east", "f"), ("north", "f")]

    def test_numbered_scripts_of_older_suites_count(self, tmp_path: Path) -> None:
        write_files(
            tmp_path, {"01-eastinit.sh": "a\n", "02-init-freebsdw.sh": "b\n", "03-eastfinal.sh": "c\n"}
        )
        script = load_script(tmp_path)
        assert [(step.host, step.text) for step in script.steps] == [
            ("east", "a"),
            ("west", "b"),
            ("east", "c"),
        ]
        assert {host.name: host.platform for host in script.hosts} == {"east": "debian", "west": "freebsd"}

    def test_what_looks_meant_and_is_not_played_is_said(self, tmp_path: Path) -> None:
        write_files(
            tmp_path,
            {"eastinit.sh": "a\n", "08-final.sh": "b\n", "roadinit-1.sh": "c\n", "testparams.sh": "d\n"},
        )
        script = load_script(tmp_path)
        assert [step.text for step in script.steps] == ["a"]
        assert [note.split()[0] for note in script.notes] == ["08-final.sh", "roadinit-1.sh"]

    def test_a_host_has_one_platform(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"01-openbsdeast.sh": "a\n", "02-east.sh": "b\n"})
        error = failure(tmp_path)
        assert error.path.name == "02-east.sh"
        assert "01-openbsdeast.sh" in str(error)

    @pytest.mark.parametrize(
        ("files", "message"),
        [
            ({}, "there is no script"),
            ({"final.sh": "a\n"}, "no script names a host: final.sh"),
            ({"testparams.sh": "a\n", "eastern.sh": "b\n"}, "eastern.sh, testparams.sh"),
            ({"eastinit.sh": ""}, "no command"),
            ({"eastinit.sh": "# placeholder\n"}, "no command"),
            ({"all.console.txt": "east# ls\n"}, "commands are not taken from all.console.txt"),
        ],
    )
    def test_nothing_to_play_is_an_error(self, tmp_path: Path, files: dict[str, str], message: str) -> None:
        write_files(tmp_path, files)
        assert message in str(failure(tmp_path))

    def test_bytes_that_are_no_text_are_named(self, tmp_path: Path) -> None:
        write_files(tmp_path, {"eastinit.sh": b"ls\necho \xe9\n"})
        error = failure(tmp_path)
        assert (error.path.name, error.line) == ("eastinit.sh", 2)

    def test_a_directory_called_like_a_script_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "eastinit.sh").mkdir()
        assert "there is no script" in str(failure(tmp_path))

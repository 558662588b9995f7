from __future__ import annotations

from parley.transcript.console import Utterance
from parley.transcript.cut import drop_cut


def west(*commands: str, output: str = "said\n") -> list[Utterance]:
    return [Utterance("west", command, output) for command in commands]


def commands(spoken: list[Utterance]) -> list[str]:
    return [said.command for said in spoken]


def test_commands_between_markers_vanish_with_the_markers() -> None:
    spoken = west("ipsec start", ": ==== cut ====", "ipsec auto --status", ": ==== tuc ====", "ipsec stop")
    assert commands(drop_cut(spoken)) == ["ipsec start", "ipsec stop"]


def test_a_cut_on_one_host_leaves_the_others_alone() -> None:
    east = Utterance("east", "ikectl show sa", "said\n")
    spoken = [*west(": ==== cut ===="), east, *west(": ==== tuc ====")]
    assert drop_cut(spoken) == [east]


def test_lines_between_markers_vanish_from_an_output() -> None:
    [said] = drop_cut(west("check", output="a\n==== cut ====\nnoise\n==== tuc ====\nb\n"))
    assert said.output == "a\nb\n"


def test_a_command_that_prints_both_markers_stays() -> None:
    line = "echo ==== cut ====; date; echo ==== tuc ===="
    [said] = drop_cut(west(line, output="==== cut ====\nnoise\n==== tuc ====\n"))
    assert (said.command, said.output) == (line, "")


def test_a_cut_that_is_never_closed_hides_nothing() -> None:
    spoken = west("ipsec start", ": ==== cut ====", "ipsec stop")
    assert drop_cut(spoken) == spoken
    open_output = west("check", output="a\n==== cut ====\nFAILED\n")
    assert drop_cut(open_output) == open_output


def test_two_cuts_in_one_output() -> None:
    text = "1\n==== cut ====\nx\n==== tuc ====\n2\n==== cut ====\ny\n==== tuc ====\n3"
    assert drop_cut(west("check", output=text))[0].output == "1\n2\n3"


def test_an_end_marker_ends_a_host_but_only_as_a_command() -> None:
    spoken = west("ipsec stop", ": ==== end ====", "rm core")
    assert commands(drop_cut(spoken)) == ["ipsec stop"]
    assert len(drop_cut(west("cat note", "ipsec stop", output="==== end ====\n"))) == 2

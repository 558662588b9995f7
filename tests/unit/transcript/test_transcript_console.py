from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley.record.results import StepRecord
from parley.transcript.console import Utterance, decode, render_host, render_merged, utterances

WEST_UP = Utterance("west", "ipsec up w-e", 'initiating\n\n"w-e" #1: established\n')
EAST_START = Utterance("east", "ipsec start", "Redirecting to: systemctl start ipsec.service\n")
WEST_NOTE = Utterance("west", "# now look", is_comment=True)
LOOSE_NOTE = Utterance("", "# both are up", is_comment=True)


def test_first_command_is_bare_and_the_last_line_a_prompt() -> None:
    assert render_host("west", [EAST_START, WEST_UP, LOOSE_NOTE, WEST_NOTE]) == (
        'ipsec up w-e\ninitiating\n"w-e" #1: established\nwest #\n # now look\nwest #\n'
    )


def test_a_host_that_said_nothing_shows_its_prompt() -> None:
    assert render_host("road", [WEST_UP]) == "road #\n"


def test_output_without_newline_does_not_swallow_the_prompt() -> None:
    assert render_host("west", [Utterance("west", "printf x", "x")]) == "printf x\nx\nwest #\n"


def test_lines_of_blanks_are_kept_and_empty_ones_are_not() -> None:
    said = Utterance("west", "ipsec shuntstatus", "Bare Shunt list:\n \n\n")
    assert render_host("west", [said]) == "ipsec shuntstatus\nBare Shunt list:\n \nwest #\n"


def test_merged_form_separates_comments_commands_and_outputs() -> None:
    silent = Utterance("west", "ipsec whack --impair revival")
    assert render_merged([LOOSE_NOTE, WEST_NOTE, EAST_START, silent, WEST_UP]) == (
        "# both are up\n# now look\n"
        "\neast# ipsec start\n\nRedirecting to: systemctl start ipsec.service\n\n"
        "west# ipsec whack --impair revival\n\n"
        'west# ipsec up w-e\n\ninitiating\n\n"w-e" #1: established\n\n'
    )


def test_steps_get_their_outputs_by_index() -> None:
    steps = [
        StepRecord(index=0, host="west", text="true", is_comment=False),
        StepRecord(index=1, host="west", text="# note", is_comment=True),
        StepRecord(index=2, host="east", text="echo \x1b[2J", is_comment=False),
    ]
    assert utterances(steps, {2: b"\x1b[2J\r\n"}) == [
        Utterance("west", "true", ""),
        Utterance("west", "# note", "", is_comment=True),
        Utterance("east", "echo \\x1b[2J", "\\x1b[2J\n"),
    ]


def test_bytes_of_any_kind_become_visible_text() -> None:
    assert decode(b"caf\xe9\tok\r\n") == "caf\\xe9\tok\n"
    assert decode("grün \u202e \U000f0000".encode()) == "grün \\u202e \\U000f0000"


@given(st.binary())
def test_nothing_a_terminal_obeys_survives(data: bytes) -> None:
    assert all(
        character in "\n\t" or character.isprintable() or character == "\xa0" or character.isspace()
        for character in decode(data)
    )
    assert not set(decode(data)) & set("\x1b\x9b\r\x00\x07")


@given(st.lists(st.builds(Utterance, st.just("west"), st.text("ab #", min_size=1), st.text("ab\n# "))))
def test_each_command_has_its_prompt(spoken: list[Utterance]) -> None:
    text = render_host("west", spoken)
    assert text.endswith("west #\n")
    assert text.startswith(f"{spoken[0].command}\n" if spoken else "west #\n")
    assert "\n\n" not in text

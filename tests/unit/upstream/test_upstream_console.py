from __future__ import annotations

from parley.record.results import PlayRecord, StepRecord
from parley.upstream.console import ALL, POST_MORTEM, consoles
from upstream_samples import guest

END = b">>>>>>>>>>cut>>>>>>>>>> done <<<<<<<<<<tuc<<<<<<<<<<"


def record(*steps: tuple[str, str, int | None], error: str = "") -> PlayRecord:
    """A played case; a text that begins with # is a comment."""
    names = sorted({name for name, _, _ in steps if name})
    return PlayRecord(
        case="basic-01",
        directory="/suite/basic-01",
        hosts=tuple(map(guest, names)),
        steps=tuple(
            StepRecord(number, name, text, is_comment=text.startswith("#"), status=status)
            for number, (name, text, status) in enumerate(steps)
        ),
        error=error,
    )


def test_one_host_reads_as_at_its_console() -> None:
    played = record(("west", "ipsec start", 0), ("west", "# now up", None), ("west", "ipsec up x", 0))
    console = consoles(played, {0: b"Redirecting\n", 2: b"up\n"})["west"]
    prompt = b"[root@west basic-01]# "
    assert console == (
        b"ipsec start\nRedirecting\n" + prompt + b"# now up\n" + prompt + b"ipsec up x\nup\n" + prompt + END
    )


def test_all_hosts_together_in_the_order_of_playing() -> None:
    played = record(("east", "one", 0), ("", "# between", None), ("west", "two", 0), ("east", "three", 0))
    merged = consoles(played, {0: b"out\n", 3: b"more\n"})[ALL]
    assert merged == (b"east# one\n\nout\n\n# between\n\nwest# two\n\neast# three\n\nmore\n\n" + END)


def test_hosts_do_not_mix() -> None:
    played = record(("east", "one", 0), ("west", "two", 0))
    text = consoles(played, {0: b"of east\n", 1: b"of west\n"})
    assert b"of west" not in text["east"]
    assert b"of east" not in text["west"]


def test_a_command_past_its_limit_is_marked_where_it_hung() -> None:
    played = record(("west", "sleep 1000", None))
    text = consoles(played, {0: b"partial\n"})
    mark = b">>>>>>>>>> TIMEOUT while running west sleep 1000 <<<<<<<<<<"
    assert text["west"] == b"sleep 1000\npartial\n" + mark + END
    assert mark in text[ALL]


def test_a_good_post_mortem_is_closed_and_a_bad_one_is_not() -> None:
    opened, closed = b">>>>>>>>>> post-mortem >>>>>>>>>>", b"<<<<<<<<<< post-mortem <<<<<<<<<<"
    steps = (("east", "one", 0), ("west", "two", 0), ("east", POST_MORTEM, 0), ("west", POST_MORTEM, 1))
    text = consoles(record(*steps), {2: b"PASS\n", 3: b"FAIL\n"})
    assert opened in text["east"]
    assert closed in text["east"]
    assert opened in text["west"]
    assert closed not in text["west"]
    assert closed not in text[ALL]


def test_what_broke_in_the_lab_is_not_complete() -> None:
    assert END not in consoles(record(("west", "one", 0), error="panic"), {})["west"]


def test_output_that_is_no_text_stays_as_it_is() -> None:
    console = consoles(record(("west", "cat", 0)), {0: b"\xff\xfe\r\n"})["west"]
    assert b"\xff\xfe\r\n" in console

from __future__ import annotations

from parley.image.kernel_meter import Meter, count_compiled


class Clock:
    """Ten seconds an object."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def compiled(meter: Meter, clock: Clock, count: int) -> None:
    for number in range(count):
        clock.now += 10
        meter.line(f"  CC      net/xfrm/file{number}.o")


def test_progress_is_told_every_five_percent_with_what_is_left() -> None:
    lines: list[str] = []
    clock = Clock()
    meter = Meter(lines.append, expected=100, clock=clock)
    compiled(meter, clock, 10)
    assert lines == [
        "5 % compiled, 5 of about 100 objects; about 16 min left",
        "10 % compiled, 10 of about 100 objects; about 15 min left",
    ]


def test_what_an_earlier_attempt_compiled_counts_but_not_for_the_pace() -> None:
    lines: list[str] = []
    clock = Clock()
    meter = Meter(lines.append, expected=100, done=90, clock=clock)
    compiled(meter, clock, 5)
    assert lines == ["95 % compiled, 95 of about 100 objects; less than a minute left"]


def test_more_objects_than_expected_never_make_a_hundred_percent() -> None:
    lines: list[str] = []
    clock = Clock()
    meter = Meter(lines.append, expected=10, clock=clock)
    compiled(meter, clock, 30)
    assert meter.compiled == 30
    assert lines[-1].startswith("99 % compiled, 10 of about 10 objects; less")


def test_modules_and_assembler_count_and_links_do_not() -> None:
    log = ["  CC [M]  a.o", "  AS      b.o", "  LD      c.o", "  AR      d.a", "  HOSTCC  e", "CC x.o", ""]
    assert count_compiled(log) == 2


def test_the_first_error_is_kept_and_not_what_follows_from_it() -> None:
    meter = Meter(lambda _line: None, expected=10)
    for line in (
        "  CC      net/key/af_key.o",
        "net/key/af_key.c:12:1: warning: unused errors",
        "net/key/af_key.c:40:5: error: expected ';' before 'return'",
        "make[3]: *** [scripts/Makefile.build:289: net/key/af_key.o] Error 1",
        "make: *** [Makefile:251: __sub-make] Error 2",
    ):
        meter.line(line)
    assert meter.first_error == "net/key/af_key.c:40:5: error: expected ';' before 'return'"


def test_a_failure_without_the_word_error_is_found() -> None:
    meter = Meter(lambda _line: None, expected=10)
    meter.line("ld: fs/nfsd/built-in.a: undefined reference to `nfsd_init'")
    meter.line("collect2: error: ld returned 1 exit status")
    assert "undefined reference" in meter.first_error

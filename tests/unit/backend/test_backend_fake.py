"""Labs, hosts and their sessions, played on hosts without kernels."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment, plan, script
from parley.backend.fake import Answer, FakeBackend
from parley.case.model import Step
from parley.errors import AgentError, BootError, CommandTimeoutError, LabError, PanicError
from parley.lab.host import Limits
from parley.lab.jail import Jail
from parley.lab.lab import Lab
from parley.lab.play import collect, play
from parley.lab.topology import NETWORK
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from collections.abc import Iterator

# Only what must run past its limit waits for it.
LIMITS = Limits()
HURRIED = Limits(boot=0.2, command=0.2)


@contextmanager
def lab(place: Path, *hosts: str, limits: Limits = LIMITS, **answers: Answer) -> Iterator[Lab]:
    """A lab of fakes that answer by the first word of a command."""
    layout = CaseLayout(place)
    Jail(layout.share).create()
    tools = equipment(place, FakeBackend(script(answers)))
    plans = tuple(plan(host, tools) for host in hosts or ("east",))
    with Lab(layout, plans, NETWORK, limits=limits) as booted:
        yield booted


def test_a_command_has_its_outputs_and_its_status(tmp_path: Path) -> None:
    with lab(tmp_path, hello=Answer(b"to you\n", b"a complaint \xff", 3)) as booted:
        outcome = booted.hosts["east"].run("hello there")
    assert (outcome.output, outcome.error, outcome.status) == ("to you\n", "a complaint \\xff", 3)
    assert not outcome
    with pytest.raises(LabError, match="ended with status 3: a complaint"):
        outcome.check()


def test_commands_run_side_by_side(tmp_path: Path) -> None:
    with lab(tmp_path, "east", "west", hello=Answer(b"hello")) as booted:
        hosts = list(booted.hosts.values())
        tickets = [host.start("hello") for host in hosts]
        assert [host.finish(ticket, 1).output for host, ticket in zip(hosts, tickets, strict=True)] == [
            "hello"
        ] * 2


def test_a_command_that_hangs_is_ended_and_the_host_lives_on(tmp_path: Path) -> None:
    with lab(tmp_path, hang=Answer(status=None), hello=Answer(b"hello")) as booted:
        with pytest.raises(CommandTimeoutError, match=r"east: `hang` ran past 0\.1 s"):
            booted.hosts["east"].run("hang", limit=0.1)
        assert booted.hosts["east"].run("hello").output == "hello"


def test_a_host_that_does_not_come_up_is_a_boot_error(tmp_path: Path) -> None:
    with (
        pytest.raises(BootError, match="not up within the boot limit"),
        lab(tmp_path, limits=HURRIED, ping=Answer(status=None)),
    ):
        pass


def test_a_host_that_panics_is_a_panic_with_the_kernels_words(tmp_path: Path) -> None:
    dies = Answer(dies=True, console=b"Kernel panic - not syncing: no init\n")
    with pytest.raises(PanicError, match="not syncing: no init"), lab(tmp_path, ping=dies):
        pass


def test_a_panic_is_looked_for_at_the_end_of_a_long_console(tmp_path: Path) -> None:
    for console, kind in (
        (b"x\n" * 100_000 + b"Kernel panic - not syncing\n", PanicError),
        (b"Kernel panic - not syncing\n" + b"x\n" * 100_000, AgentError),
    ):
        dies = Answer(dies=True, console=console)
        with pytest.raises(kind), lab(tmp_path, ping=dies):
            pass


def test_a_host_that_dies_in_a_command_is_an_agent_error(tmp_path: Path) -> None:
    with (
        lab(tmp_path, crash=Answer(dies=True)) as booted,
        pytest.raises(AgentError, match="its kernel ended"),
    ):
        booted.hosts["east"].run("crash")


def test_all_hosts_end_when_one_does_not_come_up(tmp_path: Path) -> None:
    machines = []

    class Watching(FakeBackend):
        def boot(self, request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 -- as the base class
            machines.append(super().boot(request))
            return machines[-1]

    layout = CaseLayout(tmp_path)
    Jail(layout.share).create()
    backend = Watching(lambda host, _: Answer(status=None if host == "west" else 0))
    tools = equipment(tmp_path, backend)
    with (
        pytest.raises(BootError, match=r"^west"),
        Lab(layout, (plan("east", tools), plan("west", tools)), NETWORK, limits=HURRIED),
    ):
        pass
    assert [machine.exited() for machine in machines] == [0, 0]


def step(text: str, host: str = "east", *, is_comment: bool = False) -> Step:
    return Step(host, text, Path("all.sh"), 1, is_comment)


def played(
    place: Path, *steps: Step, limits: Limits = LIMITS, **answers: Answer
) -> tuple[list[tuple[str, int | None]], str]:
    with lab(place, limits=limits, **answers) as booted:
        records, stopped = play(steps, booted, 0.0, lambda _: None)
    return [(record.text, record.status) for record in records], stopped


def test_steps_are_played_in_order_and_comments_are_not(tmp_path: Path) -> None:
    steps = (step("one"), step("a comment", is_comment=True), step("two"))
    records, stopped = played(tmp_path, *steps, two=Answer(b"2", status=4))
    assert records == [("one", 0), ("a comment", None), ("two", 4)]
    assert stopped == ""
    assert (tmp_path / "share/east/step/0002.out").read_bytes() == b"2"
    assert not (tmp_path / "share/east/step/0001.sh").exists()


def test_a_step_that_hangs_stops_the_case_and_nothing_else(tmp_path: Path) -> None:
    records, stopped = played(tmp_path, step("hang"), step("two"), limits=HURRIED, hang=Answer(status=None))
    assert records == [("hang", None)]
    assert stopped == "east: step 0 `hang` ran past 0.2 s; what ran then: share/east/cmd/0001.out"


NOISE = (
    b"done\n" * 100,
    b"done 9999 0\ngone\n",
    b"done 0001 " + b"9" * 5000 + b"\n",
    b"\x00\xff" * 5000 + b"\n",
    b"done 0001\n==== policy ====\n",
    b"x" * 200_000 + b"\n",
)


@pytest.mark.parametrize("noise", NOISE, ids=range(len(NOISE)))
def test_noise_on_the_serial_lines_does_no_harm(tmp_path: Path, noise: bytes) -> None:
    with lab(tmp_path, hello=Answer(b"hello", status=7, noise=noise)) as booted:
        assert booted.hosts["east"].run("hello").status == 7
        assert booted.hosts["east"].play(0, "hello", 5) == 7


@pytest.mark.parametrize(
    "noise", [b"done x%d 0\n" % 1 * 3000, b"".join(b"done x%d 0\n" % n for n in range(3000))]
)
def test_a_guest_that_answers_what_nobody_asked_is_given_up_or_ignored(tmp_path: Path, noise: bytes) -> None:
    with lab(tmp_path, hello=Answer(noise=noise)) as booted:
        try:
            assert booted.hosts["east"].run("hello").status == 0
        except LabError as error:
            assert "nobody asked" in str(error)  # noqa: PT017 -- either will do


def test_a_done_that_a_guest_fakes_brings_no_output_that_is_not_there(tmp_path: Path) -> None:
    with lab(tmp_path, hang=Answer(status=None, noise=b"done 0001 0\n")) as booted:
        outcome = booted.hosts["east"].run("hang")
    assert (outcome.status, outcome.output) == (0, "")


def test_what_a_guest_puts_in_place_of_the_labs_files_is_a_lab_error(tmp_path: Path) -> None:
    with lab(tmp_path) as booted:
        commands = tmp_path / "share/east/cmd"
        commands.rename(commands.with_name("gone"))
        commands.symlink_to("/tmp")  # noqa: S108 -- a guest's trick, not followed
        with pytest.raises(LabError, match="cannot write"):
            booted.hosts["east"].start("hello")


def test_collecting_tells_each_host_which_daemons_to_stop(tmp_path: Path) -> None:
    with lab(tmp_path, "east", "west") as booted:
        collect(booted)
    for host in ("east", "west"):
        command = (tmp_path / f"share/{host}/cmd/0001.sh").read_text()
        assert command.startswith("set -- '")
        assert "charon-systemd|charon" in command
        assert "kernel .left" in command

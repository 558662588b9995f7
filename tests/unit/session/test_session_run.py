from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from case_files import write_files
from parley.backend.fake import Answer
from parley.errors import InputError, UsageError
from parley.record.lock import going_on
from parley.record.results import read_run
from parley.report.load import load_run
from parley.session.rejudge import rejudge
from parley.session.run import RunOptions, execute, resume
from parley.verdict import Verdict
from toy_guests import Guests
from toy_sessions import on_guests

if TYPE_CHECKING:
    from parley.report.load import LoadedRun

pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

REFERENCE = "ipsec up tunnel\nup\nwest #\n"
UP = {"ipsec up": Answer(b"up\n")}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Three cases that pass where `ipsec up` says up."""
    for name in ("one", "three", "two"):
        files = {
            "description.txt": f"Case {name}\n",
            "all.west.sh": "west# ipsec up tunnel\n",
            "west.console.txt": REFERENCE,
        }
        write_files(tmp_path / "suite" / name, files)
    return tmp_path / "suite"


def run(place: Path, guests: Guests, *selectors: str, **changes: object) -> tuple[int, LoadedRun]:
    wanted: dict[str, object] = {
        "selectors": selectors,
        "suites": (place / "suite",),
        "output": place / "run",
        "hosts": {"west": "debian/strongswan"},
    }
    options = RunOptions(**{**wanted, **changes})  # type: ignore[arg-type]  # by name
    with on_guests(place, guests) as asked:
        code = execute(options)
    assert len(asked) == 1
    return code, load_run(place / "run")


def verdicts(loaded: LoadedRun) -> dict[str, Verdict]:
    return {result.case: result.verdict for result in loaded.results}


@pytest.mark.usefixtures("suite")
def test_cases_are_run_and_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, loaded = run(tmp_path, Guests(UP))
    assert code == 0, capsys.readouterr().out
    assert verdicts(loaded) == dict.fromkeys(("one", "three", "two"), Verdict.PASSED)
    assert loaded.record.command[0] == "parley"
    assert loaded.record.options["hosts"] == {"west": "debian/strongswan"}
    assert "report: " in capsys.readouterr().out
    assert loaded.results[0].rerun == (
        f"parley run one --suite={tmp_path / 'suite'} --host=west=debian/strongswan"
    )


def test_a_broken_case_is_told_and_the_others_are_run(
    tmp_path: Path, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite / "two" / "all.west.sh").write_text("no prompt\n")
    code, loaded = run(tmp_path, Guests(UP))
    assert code == 2
    assert verdicts(loaded) == dict.fromkeys(("one", "three"), Verdict.PASSED)
    assert "two/all.west.sh:1" in capsys.readouterr().err


def test_nothing_is_run_if_all_that_was_asked_for_is_broken(
    tmp_path: Path, suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite / "two" / "all.west.sh").write_text("no prompt\n")
    assert execute(RunOptions(selectors=("two",), suites=(suite,), output=tmp_path / "run")) == 2
    assert "two/all.west.sh:1" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_scenario_is_no_case_and_the_hint_says_what_it_is(suite: Path) -> None:
    with pytest.raises(UsageError, match="no case") as caught:
        execute(RunOptions(selectors=("psk",), suites=(suite,)))
    assert caught.value.hint == "psk is a scenario: parley matrix psk"


def test_the_link_to_the_newest_run_is_not_written_to(
    tmp_path: Path, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with on_guests(tmp_path, Guests(UP)), pytest.raises(UsageError, match="always points to the newest"):
        execute(
            RunOptions(
                suites=(suite,), output=Path("parley-runs/latest"), hosts={"west": "debian/strongswan"}
            )
        )
    assert not Path("parley-runs").exists()


@pytest.mark.usefixtures("suite")
def test_fail_fast_leaves_the_rest_not_run(tmp_path: Path) -> None:
    code, loaded = run(tmp_path, Guests({"ipsec up": Answer(b"down\n")}), fail_fast=True)
    assert code == 1
    assert verdicts(loaded) == {"one": "differs", "three": "not-run", "two": "not-run"}


@pytest.mark.usefixtures("suite")
def test_a_verdict_of_an_earlier_run_stands_for_no_case_that_is_not_reached(tmp_path: Path) -> None:
    run(tmp_path, Guests(UP))
    _, loaded = run(tmp_path, Guests({"ipsec up": Answer(b"down\n")}), fail_fast=True)
    assert verdicts(loaded) == {"one": "differs", "three": "not-run", "two": "not-run"}
    assert not (tmp_path / "run/cases/two").exists()


@pytest.mark.usefixtures("suite")
def test_a_run_that_is_complete_may_go_on_and_has_nothing_to_do(tmp_path: Path) -> None:
    run(tmp_path, Guests(UP))
    code, loaded = run(tmp_path, Guests({"ipsec up": Answer(b"down\n")}), resume=True)
    assert code == 0
    assert verdicts(loaded) == dict.fromkeys(("one", "three", "two"), Verdict.PASSED)


@pytest.mark.usefixtures("suite")
def test_attempts_of_an_earlier_run_go_with_it(tmp_path: Path) -> None:
    run(tmp_path, Guests({"ipsec up": Answer(b"down\n")}), "one", retry=2)
    assert len(list((tmp_path / "run/cases").iterdir())) == 3
    run(tmp_path, Guests(UP), "one", retry=2)
    assert [path.name for path in (tmp_path / "run/cases").iterdir()] == ["one"]


@pytest.mark.usefixtures("suite")
def test_a_directory_that_holds_something_else_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "run/cases/one").mkdir(parents=True)
    (tmp_path / "run/cases/one/all.sh").write_text("west# precious\n")
    with pytest.raises(UsageError, match="holds something that is no run"):
        run(tmp_path, Guests(UP))
    assert (tmp_path / "run/cases/one/all.sh").exists()


@pytest.mark.usefixtures("suite")
def test_an_empty_directory_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert run(tmp_path, Guests(UP), "one")[0] == 0


@pytest.mark.usefixtures("suite")
def test_two_runs_do_not_share_a_directory(tmp_path: Path) -> None:
    run(tmp_path, Guests(UP), "one")
    before = (tmp_path / "run/run.json").read_text()
    with going_on(tmp_path / "run"), pytest.raises(UsageError, match="a run goes on in"):
        run(tmp_path, Guests(UP), "two")
    assert (tmp_path / "run/run.json").read_text() == before


@pytest.mark.usefixtures("suite")
def test_a_place_that_cannot_be_written_is_a_mistake_of_the_call(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write the run"):
        run(tmp_path, Guests(UP), output=tmp_path / "file" / "run")


@pytest.mark.usefixtures("suite")
def test_only_one_lab_can_be_kept(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--keep keeps the lab of one case, and 3 were selected"):
        run(tmp_path, Guests(UP), keep=True)


@pytest.mark.usefixtures("suite")
def test_a_stopped_run_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    _, loaded = run(tmp_path, Guests(UP), retry=1, timeout_scale=2.0)
    (tmp_path / "run/cases/two/result.json").unlink()
    with on_guests(tmp_path, Guests({"ipsec up": Answer(b"down\n")})):
        assert resume(tmp_path / "run", jobs=2, html=False) == 1
    again = load_run(tmp_path / "run")
    assert verdicts(again) == {"one": "passed", "three": "passed", "two": "differs"}
    assert again.results[0] == loaded.results[0]
    assert again.record.options == {**loaded.record.options, "jobs": 2}


@pytest.mark.usefixtures("suite")
def test_what_is_no_run_cannot_be_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        resume(tmp_path / "nowhere", jobs=1)
    with pytest.raises(InputError):
        resume(tmp_path, jobs=1)
    run(tmp_path, Guests(UP), "one")
    path = tmp_path / "run/run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "options": {"hosts": 7}}))
    with pytest.raises(InputError, match="its options are damaged"):
        resume(tmp_path / "run", jobs=1)


def test_a_new_directory_has_a_link_to_the_latest(
    tmp_path: Path, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert suite.exists()
    for _ in range(2):
        with on_guests(tmp_path, Guests(UP)):
            execute(RunOptions(selectors=("one",), suites=(suite,), hosts={"west": "debian/strongswan"}))
    runs = sorted(path for path in (tmp_path / "parley-runs").iterdir() if not path.is_symlink())
    assert len(runs) == 2
    latest = tmp_path / "parley-runs/latest"
    assert latest.resolve() in runs
    assert read_run(latest / "run.json").finished


@pytest.mark.usefixtures("suite")
def test_judging_again_uses_todays_references(tmp_path: Path, suite: Path) -> None:
    _, loaded = run(tmp_path, Guests({"ipsec up": Answer(b"down\n")}), "one", "two")
    (suite / "one/west.console.txt").write_text(REFERENCE.replace("up\nwest", "down\nwest"))
    rejudge(loaded)
    assert verdicts(load_run(tmp_path / "run")) == {"one": "passed", "two": "differs"}


@pytest.mark.usefixtures("suite")
def test_judging_again_leaves_alone_what_was_never_played(tmp_path: Path) -> None:
    _, loaded = run(tmp_path, Guests(UP))
    (tmp_path / "run/cases/two/play.json").unlink()
    result = (tmp_path / "run/cases/two/result.json").read_text()
    rejudge(loaded)
    assert (tmp_path / "run/cases/two/result.json").read_text() == result


@pytest.mark.usefixtures("suite")
def test_judging_again_tells_of_a_damaged_record(tmp_path: Path) -> None:
    _, loaded = run(tmp_path, Guests(UP), "one")
    (tmp_path / "run/cases/one/play.json").write_text('{"schema": 1}')
    with pytest.raises(InputError, match=r"one/play\.json: damaged record"):
        rejudge(loaded)


INTERRUPTED = """
import os, signal, sys, threading, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from parley.backend.fake import Answer
from parley.session.run import RunOptions, execute
from toy_guests import Guests
from toy_sessions import on_guests

place = Path({place!r})
hanging = place / "run/cases/one/share/west/step/0000.sh"

def interrupt():
    while not hanging.exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
with on_guests(place, Guests({{"ipsec up": Answer(status=None)}})):
    options = RunOptions(
        suites=(place / "suite",), hosts={{"west": "debian/strongswan"}}, output=place / "run"
    )
    sys.exit(execute(options, html=False))
"""


@pytest.mark.usefixtures("suite")
def test_control_c_stops_the_run_which_says_how_to_go_on(tmp_path: Path) -> None:
    tests = next(path for path in sys.path if os.path.exists(os.path.join(path, "toy_guests.py")))  # noqa: PTH110, PTH118 -- entries of sys.path are texts
    script = INTERRUPTED.format(tests=tests, place=str(tmp_path))
    stopped = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert stopped.returncode == 128 + signal.SIGINT, stopped.stderr
    assert f"interrupted; go on: parley run --resume {tmp_path / 'run'}" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    loaded = load_run(tmp_path / "run")
    assert verdicts(loaded) == dict.fromkeys(("one", "three", "two"), Verdict.NOT_RUN)
    with on_guests(tmp_path, Guests(UP)):
        assert resume(tmp_path / "run", jobs=1, html=False) == 0

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from parley.errors import MissingError
from parley.image.command import CommandError, as_root, environment, run, stop_all, works


def test_run_returns_and_logs_what_a_program_prints(tmp_path: Path) -> None:
    seen: list[str] = []
    log = tmp_path / "log"
    log.write_text("before\n")
    output = run("sh", "-c", "echo one; echo two >&2", what="test", log=log, on_line=seen.append)
    assert output.splitlines() == seen == ["one", "two"]
    assert log.read_text() == "before\none\ntwo\n"


def test_a_failure_says_what_failed_and_shows_the_end_of_the_output(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(CommandError) as caught:
        run("sh", "-c", "seq 100; exit 3", what="counting", log=log)
    assert str(caught.value).startswith("counting failed with status 3\n89\n")
    assert caught.value.output.endswith("\n100")
    assert caught.value.hint == f"less {log}"


def test_a_failure_shows_the_programs_own_errors_first() -> None:
    with pytest.raises(CommandError) as caught:
        run("sh", "-c", "echo I: fine; echo E: broken; echo I: bye; exit 1", what="test")
    assert caught.value.output == "E: broken"


def test_output_that_is_no_utf8_does_no_harm() -> None:
    assert run("printf", r"a\377b", what="test") == "a\N{REPLACEMENT CHARACTER}b"


def test_a_missing_program_is_named() -> None:
    with pytest.raises(MissingError, match="no-such-program"):
        run("no-such-program", what="test")


def test_an_error_in_the_callback_ends_the_program(tmp_path: Path) -> None:
    def fail(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("sh", "-c", f"echo $$ >{tmp_path}/pid; echo; sleep 1000", what="test", on_line=fail)
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path(f"/proc/{pid}").exists()


def test_stop_all_ends_programs_of_other_threads() -> None:
    started = threading.Event()
    failures: list[CommandError] = []

    def work() -> None:
        try:
            run("sh", "-c", "echo; sleep 1000", what="test", on_line=lambda _line: started.set())
        except CommandError as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(60)
    stop_all()
    thread.join(60)
    assert len(failures) == 1


def test_the_environment_is_small_and_finds_sbin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "evil.so")
    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    names = environment()
    assert "LD_PRELOAD" not in names
    assert "TMPDIR" not in names
    assert names["http_proxy"] == "http://proxy:3128"
    assert "/usr/sbin" in names["PATH"].split(":")


def test_works_is_an_answer_never_an_error() -> None:
    assert works("true")
    assert not works("false")
    assert not works("no-such-program")


@pytest.mark.skipif(as_root() is None, reason="this user cannot be root in any namespace")
def test_whatever_ran_as_root_ends_with_its_starter(tmp_path: Path) -> None:
    prefix = as_root() or ()
    if "--pid" not in prefix:
        pytest.skip("no process namespaces here")
    # A double fork and a session of its own, as a daemon would: only the namespace still holds it.
    script = "setsid sh -c 'while :; do date +%N >tick; sleep 0.05; done' & sleep 1000"
    code = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    with subprocess.Popen([sys.executable, "-c", code, *prefix, "sh", "-c", script], cwd=tmp_path) as starter:
        _await((tmp_path / "tick").exists)
        starter.kill()
    # Namespaces are torn down asynchronously: wait until nothing ticks any more.
    _await(lambda: _is_still(tmp_path / "tick"))


def _is_still(path: Path) -> bool:
    before = path.read_text()
    time.sleep(0.5)
    return path.read_text() == before


def _await(condition: object) -> None:
    assert callable(condition)
    for _ in range(200):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain")

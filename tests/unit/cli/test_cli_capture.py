from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from ike_messages import CbcKeys, from_west, init_payloads, message, notify, write_case
from parley.cli.capture import capture
from parley.errors import MissingError, ParleyError, UsageError
from parley.record.results import CaseResult, RunRecord, write_json
from parley.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
SENT = message(init_payloads(notify(16390, b"cookie")), spi_r=bytes(8))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with two cases that have captures, and one that was not played."""
    names = ("psk-one", "psk-two", "never-played")
    tmp_path.joinpath("cases").mkdir()
    write_json(tmp_path / "run.json", RunRecord(("parley", "run"), names, "2026-01-14T09:12:03", "0.1"))
    for name in names[:2]:
        write_case(tmp_path / "cases" / name, [from_west(SENT)], {"east": CbcKeys().row()})
    return tmp_path


def call(run: Path, *words: str) -> Result:
    return CliRunner().invoke(capture, ["--run", str(run), *words], catch_exceptions=True)


def refused(run: Path, *words: str) -> ParleyError:
    error = call(run, *words).exception
    assert isinstance(error, ParleyError)
    return error


@needs_tshark
@pytest.mark.parametrize("case", ["psk-one", "*-one", "psk-on?"])
def test_messages_capture_and_keys_are_told(run: Path, case: str) -> None:
    told = call(run, case)
    assert told.exit_code == 0
    assert "IKE_SA_INIT 0 request" in told.output
    assert "N(COOKIE)" in told.output
    assert f"capture: {run}/cases/psk-one/capture.pcapng" in told.output
    assert f"keys:    {run}/cases/psk-one/wireshark, IKE SAs: 1, IPsec SAs: 0" in told.output


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        ("psk-*", "2 cases match psk-*\n  try: psk-one or psk-two"),
        ("psk-oen", "did you mean psk-one?"),
        ("never-played", "left no capture: it was not played"),
    ],
)
def test_a_case_that_is_not_clear_is_refused(run: Path, case: str, complaint: str) -> None:
    assert complaint in str(refused(run, case))


def test_a_case_that_could_not_be_played_says_why(run: Path) -> None:
    (run / "cases/never-played").mkdir()
    verdict = CaseResult(
        "never-played", Verdict.UNSUPPORTED, reason="iked has no ML-KEM", rerun="parley matrix a/b/c"
    )
    write_json(run / "cases/never-played/result.json", verdict)
    told = str(refused(run, "never-played"))
    assert told == (
        "never-played left no capture: unsupported, iked has no ML-KEM\n  try: parley matrix a/b/c"
    )


def test_a_directory_without_a_run_is_refused(tmp_path: Path) -> None:
    assert isinstance(refused(tmp_path / "nothing", "psk-one"), UsageError)


def test_arguments_are_for_tshark_alone(run: Path) -> None:
    assert "--tshark -- ARGUMENTS" in str(refused(run, "psk-one", "--", "-V"))


@pytest.mark.parametrize(("option", "tool"), [("--tshark", "tshark"), ("--open", "wireshark")])
def test_without_the_tool_it_says_what_to_install(
    run: Path, monkeypatch: pytest.MonkeyPatch, option: str, tool: str
) -> None:
    monkeypatch.setattr("parley.wire.tshark.shutil.which", lambda _: None)
    error = refused(run, "psk-one", option)
    assert isinstance(error, MissingError)
    assert f"apt install {tool}" in str(error)


def test_wireshark_gets_the_capture_the_keys_and_the_arguments(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tmp_path / "bin" / "tshark"
    stub.parent.mkdir()
    stub.write_text(
        f"#!/bin/sh\nexec >{tmp_path}/said\nprintf '%s\\n' \"$*\"\n"
        'cat "$WIRESHARK_CONFIG_DIR"/ikev2_decryption_table\nexit 3\n'
    )
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", str(stub.parent), prepend=":")
    assert call(run, "psk-one", "--tshark", "--", "-Y", "isakmp; reboot").exit_code == 3
    said = (tmp_path / "said").read_text().splitlines()
    assert said == [f"-n -r {run}/cases/psk-one/capture.pcapng -Y isakmp; reboot", CbcKeys().row()]


def test_an_archive_holds_the_capture_and_a_profile(run: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.zip"
    assert call(run, "psk-two", "--export", str(target)).exit_code == 0
    with ZipFile(target) as archive:
        assert archive.namelist() == [
            "capture.pcapng",
            "parley-psk-two/esp_sa",
            "parley-psk-two/ikev2_decryption_table",
            "parley-psk-two/preferences",
        ]
        assert archive.read("capture.pcapng") == (run / "cases/psk-two/capture.pcapng").read_bytes()
        assert archive.read("parley-psk-two/ikev2_decryption_table").decode() == f"{CbcKeys().row()}\n"


def test_an_archive_that_cannot_be_written_is_told(run: Path, tmp_path: Path) -> None:
    assert "cannot be written" in str(refused(run, "psk-two", "--export", str(tmp_path / "no" / "out.zip")))

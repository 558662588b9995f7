from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from parley.cli.doctor import doctor
from parley.doctor.probes import Finding, State

if TYPE_CHECKING:
    from click.testing import Result

OK = Finding("images", State.OK, "every tool is there")
OPTIONAL = Finding("tshark", State.OPTIONAL, "not there", "message ladders", "apt-get install -y tshark")
MISSING = Finding("boot of a host", State.MISSING, "panic", "every case")


def call(monkeypatch: pytest.MonkeyPatch, findings: list[Finding], *words: str) -> Result:
    monkeypatch.setattr("parley.doctor.probes.examine", lambda: iter(findings))
    return CliRunner().invoke(doctor, words, catch_exceptions=False)


def test_findings_are_told_with_their_cost_and_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    result = call(monkeypatch, [OK, OPTIONAL, MISSING])
    assert result.stdout.splitlines() == [
        "ok       images: every tool is there",
        "without  tshark: not there",
        "         costs: message ladders",
        "         cure:  apt-get install -y tshark",
        "MISSING  boot of a host: panic",
        "         costs: every case",
    ]


@pytest.mark.parametrize(("findings", "code"), [([OK], 0), ([OK, OPTIONAL], 0), ([MISSING, OK], 1), ([], 0)])
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_only_what_every_run_needs_makes_it_ill(
    monkeypatch: pytest.MonkeyPatch, findings: list[Finding], code: int, words: tuple[str, ...]
) -> None:
    assert call(monkeypatch, findings, *words).exit_code == code


def test_machines_get_one_object_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = call(monkeypatch, [OK, OPTIONAL], "--json").stdout.splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["ok", "optional"]
    assert json.loads(lines[1])["cure"] == "apt-get install -y tshark"

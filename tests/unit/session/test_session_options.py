"""What both kinds of runs are asked survives the record, and a command line says the same."""

from __future__ import annotations

import json

import pytest

from parley.errors import UsageError
from parley.session.options import LabOptions, recorded_lab

ASKED = LabOptions(
    clock="virtual",
    seed="7",
    kernel="lab",
    backends=("qemu", "west=uml"),
    first="east",
    share="nfs",
    retry=2,
    timeout_scale=1.5,
)


def test_a_run_that_goes_on_is_asked_the_same() -> None:
    record = json.loads(json.dumps(ASKED.lab_record()))
    assert LabOptions(**recorded_lab(record)) == ASKED


def test_a_damaged_record_is_noticed() -> None:
    with pytest.raises(KeyError):
        recorded_lab({"clock": "auto"})
    with pytest.raises(ValueError, match="often"):
        recorded_lab({**ASKED.lab_record(), "retry": "often"})


def test_options_that_contradict_each_other_are_told() -> None:
    LabOptions(clock="virtual", kernel="lab").check()
    LabOptions(clock="real", kernel="sid").check()
    with pytest.raises(UsageError, match="--clock virtual takes the lab kernel, and --kernel sid is another"):
        LabOptions(clock="virtual", kernel="sid").check()


def test_the_command_that_runs_a_case_again_says_the_same() -> None:
    assert ASKED.lab_words() == [
        "--clock=virtual",
        "--seed=7",
        "--kernel=lab",
        "--backend=qemu",
        "--backend=west=uml",
        "--first=east",
        "--share=nfs",
    ]
    assert LabOptions().lab_words() == []

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fake_labs import installed, toy
from parley.backend.fake import Answer
from parley.cell.record import read_cell
from parley.errors import UsageError
from parley.image.recipe import NFS_SERVER
from parley.image.rootfs import Image
from parley.run.share import NFS
from parley.run.worker import run_job
from parley.scenario.model import KnownFailure
from parley.verdict import Verdict
from toy_guests import Guests, cell_job, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from parley.record.results import CaseResult
    from parley.run.cell import CellJob

pytestmark = pytest.mark.usefixtures("toys")

LACKS = "what a toy lacks: toy lacks ML-KEM"
LACK = "toy as initiator: ML-KEM (toy(8))"
NO_TUNNEL = {"toy up": Answer(b"NO_PROPOSAL_CHOSEN\n", status=1)}


def silent(_phase: str) -> None:
    """Nobody watches."""


def run(job: CellJob) -> CaseResult:
    return run_job(job, silent)


def test_a_result_says_what_was_run_on_what(tmp_path: Path) -> None:
    job = cell_job(tmp_path, Guests(), write_scenario(tmp_path))
    result = run(job)
    assert (result.verdict, result.case, result.title) == (Verdict.PASSED, "sample.toy.toy", "A sample")
    assert result.rerun == "parley matrix sample.toy.toy"
    assert [(host.name, host.implementation, host.version, host.backend) for host in result.hosts] == [
        ("west", "toy", "1.0", "fake"),
        ("east", "toy", "1.0", "fake"),
    ]
    assert set(result.durations) == {"boot", "play", "collect", "judge"}
    assert json.loads(job.layout.result.read_text())["verdict"] == "passed"


def test_phases_are_told_as_they_come(tmp_path: Path) -> None:
    told: list[str] = []
    run_job(cell_job(tmp_path, Guests(), write_scenario(tmp_path)), told.append)
    assert told == ["boot", "up", "traffic", "down", "collect", "judge"]


def test_a_declared_lack_is_unsupported_and_boots_nothing(tmp_path: Path) -> None:
    guests = Guests()
    result = run(cell_job(tmp_path, guests, write_scenario(tmp_path, title=LACKS)))
    assert (result.verdict, result.reason) == (Verdict.UNSUPPORTED, LACK)
    assert guests.heard == []
    assert result.hosts == ()


@pytest.mark.parametrize(
    ("guests", "verdict", "reason"),
    [
        (Guests(NO_TUNNEL), Verdict.UNSUPPORTED, LACK),
        (Guests(), Verdict.FIXED, f"works although declared a lack: {LACK}"),
        (Guests({"toy up": Answer(dies=True)}), Verdict.LAB_ERROR, "lab: west: its kernel ended"),
    ],
)
def test_a_lack_can_be_tried_to_see_whether_it_still_holds(
    tmp_path: Path, guests: Guests, verdict: Verdict, reason: str
) -> None:
    scenario = write_scenario(tmp_path, title=LACKS)
    result = run(cell_job(tmp_path, guests, scenario, try_lacks=True))
    assert result.verdict is verdict
    assert result.reason.startswith(reason)


@pytest.mark.parametrize(
    ("guests", "verdict"),
    [
        (Guests(NO_TUNNEL), Verdict.KNOWN),
        (Guests({"toy down": Answer(status=1)}), Verdict.FAILED),
        (Guests(), Verdict.FIXED),
    ],
)
def test_a_known_defect_is_known_only_where_it_fails_as_it_is_known(
    tmp_path: Path, guests: Guests, verdict: Verdict
) -> None:
    known = KnownFailure("toy", "*", "NO_PROPOSAL_CHOSEN", "docs/findings/1.md")
    scenario = replace(write_scenario(tmp_path), known=(known,))
    assert run(cell_job(tmp_path, guests, scenario)).verdict is verdict


def test_a_lab_that_does_not_boot_is_recorded(tmp_path: Path) -> None:
    job = cell_job(tmp_path, Guests({"ping": Answer(dies=True)}), write_scenario(tmp_path))
    result = run(job)
    assert result.verdict is Verdict.LAB_ERROR
    record = read_cell(job.layout.cell)
    assert "its kernel ended" in record.error
    assert (record.commands, record.checkpoints) == ((), ())
    assert set(record.durations) == {"lab error"}


def test_impairments_of_the_scenario_and_of_the_run_are_recorded(tmp_path: Path) -> None:
    scenario = replace(write_scenario(tmp_path), impairments=("internet:delay=1ms",))
    job = cell_job(tmp_path, Guests(), scenario, impairments=("internet:loss=0%",))
    run(job)
    assert read_cell(job.layout.cell).impairments == ("internet:delay=1ms", "internet:loss=0%")


def over_nfs(job: CellJob) -> CellJob:
    image = Image(NFS_SERVER, job.layout.root / "nfs", {}, "digest")
    tools = job.equipment
    return replace(job, equipment=replace(tools, images={**tools.images, NFS_SERVER: image}, share=NFS))


def test_a_share_that_hosts_lose_is_the_labs_fault(tmp_path: Path) -> None:
    result = run(over_nfs(cell_job(tmp_path, Guests(), write_scenario(tmp_path))))
    assert result.verdict is Verdict.LAB_ERROR
    assert "the share over NFS was lost: west, east cannot read it" in result.reason
    assert [host.name for host in result.hosts] == ["west", "east"], "the server is no host of the cell"


def test_a_scenario_for_virtual_time_has_no_share_over_nfs(tmp_path: Path) -> None:
    scenario = replace(write_scenario(tmp_path), clock="virtual")
    result = run(over_nfs(cell_job(tmp_path, Guests(), scenario)))
    assert result.verdict is Verdict.UNSUPPORTED
    assert "clock of its own" in result.reason


def test_an_implementation_that_plays_no_scenarios_is_a_mistake_of_the_call(tmp_path: Path) -> None:
    job = cell_job(tmp_path, Guests(), write_scenario(tmp_path))
    with installed(toy(driver=None)), pytest.raises(UsageError, match="Toy has no driver for scenarios"):
        job.attempt("now", silent)

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from case_files import case_of, write_files
from fake_labs import equipment
from parley.backend.fake import Answer, FakeBackend
from parley.image.rootfs import Image
from parley.lab.host import DEFAULT_LIMITS
from parley.record.layout import CaseLayout
from parley.record.results import read_play
from parley.run.worker import run_job
from parley.upstream.console import POST_MORTEM
from parley.upstream.job import UpstreamJob
from parley.upstream.tree import Tree
from parley.verdict import Verdict
from toy_guests import HURRIED, Guests

if TYPE_CHECKING:
    from pathlib import Path

    from parley.lab.host import Limits
    from parley.record.results import CaseResult

SCRIPT = "ipsec up tunnel\n"
IMAGE = "libreswan@src-tree+fedora-like"
# Drops what upstream's sanitizers drop: a good post-mortem, markers, the prompt's place.
SANITIZER = """\
#!/bin/bash
sed -e '/post-mortem >/,$d' -e 's/>>>.*<<<//' -e 's/.root@\\([a-z]*\\) .*# $/\\1 #/' "$1"
"""
UP = {"ipsec up": Answer(b"up\n"), POST_MORTEM: Answer(b"PASS\n")}


def job(place: Path, guests: Guests, limits: Limits = DEFAULT_LIMITS, *, script: str = SCRIPT) -> UpstreamJob:
    """The job of a case of one host in a tree, on fakes."""
    tree = Tree(place / "tree")
    write_files(tree.testing / "utils", {"sanitizer.sh": SANITIZER})
    given = {"westrun.sh": script, "west.console.txt": f"{SCRIPT}up\n"}
    case = replace(case_of(write_files(tree.suite / "tunnel", given)), status="wip")
    tools = equipment(place, FakeBackend(guests))
    image = Image(IMAGE, place / "root.ext4", {"libreswan": "5.2"}, "digest")
    return UpstreamJob(
        name=case.name,
        title=case.title,
        layout=CaseLayout(place / "cases" / "tunnel"),
        equipment=replace(tools, images={IMAGE: image}),
        limits=limits,
        rerun="parley run tunnel",
        case=case,
        tree=tree,
        image=IMAGE,
    )


def run(one: UpstreamJob) -> CaseResult:
    return run_job(one, lambda _: None)


def test_a_case_that_prints_its_reference_passes(tmp_path: Path) -> None:
    one = job(tmp_path, Guests(UP))
    result = run(one)
    assert (result.verdict, result.reason) == (Verdict.PASSED, "")
    assert (result.kind, result.status) == ("kvmplutotest", "wip")
    assert [(host.platform, host.version) for host in result.hosts] == [("fedora-like", "5.2")]
    record = read_play(one.layout.play)
    assert [step.text for step in record.steps] == ["ipsec up tunnel", POST_MORTEM]
    assert record.judged_by == "libreswan"


def test_other_output_differs(tmp_path: Path) -> None:
    result = run(job(tmp_path, Guests({**UP, "ipsec up": Answer(b"down\n")})))
    assert result.verdict is Verdict.DIFFERS


def test_what_cannot_run_boots_nothing(tmp_path: Path) -> None:
    guests = Guests(UP)
    result = run(job(tmp_path, guests, script="racoonctl vpn-connect\n"))
    assert result.verdict is Verdict.UNSUPPORTED
    assert result.reason.startswith("other daemon: ")
    assert result.status == "wip"
    assert guests.heard == []


def test_a_step_past_its_limit_ends_the_case(tmp_path: Path) -> None:
    one = job(tmp_path, Guests({**UP, "ipsec up": Answer(status=None)}), HURRIED)
    result = run(one)
    assert result.verdict is Verdict.FAILED
    assert "TIMEOUT" in result.reason
    assert POST_MORTEM not in {step.text for step in read_play(one.layout.play).steps}


@pytest.mark.parametrize("in_place", [True, False])
def test_in_place_their_own_tools_find_the_result(tmp_path: Path, *, in_place: bool) -> None:
    one = replace(job(tmp_path, Guests(UP)), in_place=in_place)
    run(one)
    output = one.tree.suite / "tunnel" / "OUTPUT"
    assert output.exists() is in_place
    if in_place:
        assert json.loads((output / "result.json").read_text())["result"] == "passed"
        assert (output / "west.console.txt").read_text() == "ipsec up tunnel\nup\n"
        assert (output / "all.console.verbose.txt").exists()

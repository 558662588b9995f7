from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from parley.judge.judge import conclude, judge
from parley.lab.jail import Jail, Owner
from parley.record.layout import CaseLayout
from parley.record.results import PlayRecord, StepRecord
from parley.upstream.judge import judge_upstream
from parley.verdict import CheckState, Verdict
from parley.wire.pcapng import PcapngWriter
from upstream_samples import guest

if TYPE_CHECKING:
    from pathlib import Path

    from parley.verdict import Check

# What matters of a sanitizer: it reads the file that it is given, and drops what nobody compares.
SANITIZER = """\
#!/bin/bash
sed -e 's/>>>>.*<<<<.*//' -e 's/0x[0-9a-f]*/0xSPI/' "$1"
echo
"""
REFERENCE = b"ipsec up x\ntunnel 0xSPI\n[root@west tunnel]# \n"
STATE = ("xfrm-state", "xfrm-policy", "xfrm-state.left", "xfrm-policy.left", "cores", "unstoppable", "dmesg")


class Case:
    """A tree with one case, and what a lab would have left of it."""

    def __init__(self, root: Path) -> None:
        self.tree = root / "tree"
        self.directory = self.tree / "testing" / "pluto" / "tunnel"
        self.directory.mkdir(parents=True)
        (self.tree / "testing" / "utils").mkdir()
        self.sanitizer(SANITIZER)
        self.reference(REFERENCE)
        self.layout = CaseLayout(root / "case")
        self.jail = Jail(self.layout.share, Owner(os.getuid(), os.getgid()))
        self.jail.create()
        self.jail.write("west/step/0000.out", b"tunnel 0x1234\n")
        for name in STATE:
            self.jail.write(f"west/state/{name}", b"")
        PcapngWriter.create(self.layout.capture).__enter__().__exit__(None, None, None)

    def sanitizer(self, text: str) -> None:
        (self.tree / "testing" / "utils" / "sanitizer.sh").write_text(text)

    def reference(self, data: bytes) -> None:
        (self.directory / "west.console.txt").write_bytes(data)

    def log(self, data: bytes) -> None:
        self.jail.write("testing/pluto/tunnel/OUTPUT/west.pluto.log", data)

    def record(self, **changes: object) -> PlayRecord:
        step = StepRecord(0, "west", "ipsec up x", is_comment=False, status=0, output="west/step/0000.out")
        fields: dict[str, object] = {
            "case": "tunnel",
            "directory": str(self.directory),
            "hosts": (guest("west"),),
            "steps": (step,),
            "references": {"west": str(self.directory / "west.console.txt")},
            "judged_by": "libreswan",
        }
        return PlayRecord(**(fields | changes))  # type: ignore[arg-type]  # fields come by name from the tests

    def judge(self, **changes: object) -> tuple[Check, ...]:
        return judge_upstream(self.layout, self.record(**changes))

    def verdict(self, **changes: object) -> tuple[Verdict, str]:
        return conclude(self.judge(**changes))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_what_is_the_reference_byte_for_byte_passes(case: Case) -> None:
    assert case.verdict() == (Verdict.PASSED, "")
    assert case.layout.transcript("west").read_bytes() == REFERENCE


def test_a_record_says_who_judges(case: Case) -> None:
    assert conclude(judge(case.layout, case.record())) == (Verdict.PASSED, "")


def test_one_byte_more_differs(case: Case) -> None:
    case.reference(REFERENCE + b"\n")
    verdict, reason = case.verdict()
    assert verdict is Verdict.DIFFERS
    assert "output-whitespace" in reason


def test_other_words_differ(case: Case) -> None:
    case.reference(REFERENCE.replace(b"tunnel", b"transport"))
    verdict, reason = case.verdict()
    assert verdict is Verdict.DIFFERS
    assert reason.startswith("west: output-different")


def test_a_reference_of_another_encoding_is_compared_as_bytes(case: Case) -> None:
    case.reference(b"caf\xe9\n")
    assert case.verdict()[0] is Verdict.DIFFERS
    case.jail.write("west/step/0000.out", b"caf\xe9\n")
    case.reference(b"ipsec up x\ncaf\xe9\n[root@west tunnel]# \n")
    # Upstream takes any byte that cannot be printed for a fault, whatever the reference says.
    verdict, reason = case.verdict()
    assert verdict is Verdict.FAILED
    assert "ISCNTRL" in reason


def test_no_reference_is_a_failure_as_upstream_has_it(case: Case) -> None:
    (case.directory / "west.console.txt").unlink()
    assert case.verdict() == (Verdict.FAILED, "west: output-unchecked: there is no reference")


@pytest.mark.parametrize(
    ("log", "issue"),
    [
        (b"x\n| EXPECTATION FAILED: a == b\n", "EXPECTATION"),
        (b"ASSERTION FAILED\n", "ASSERTION"),
        (b"name (null)\n", "PRINTF_NULL"),
        (b"leak detective found 3 leaks\n", "LEAK"),
        (b"bell \x07\n", "ISCNTRL"),
    ],
)
def test_faults_in_the_log_fail_whatever_was_printed(case: Case, log: bytes, issue: str) -> None:
    case.log(log)
    verdict, reason = case.verdict()
    assert verdict is Verdict.FAILED
    assert issue in reason


def test_a_healthy_log_is_no_fault(case: Case) -> None:
    case.log(b"leak detective found no leaks\n")
    assert case.verdict()[0] is Verdict.PASSED


def test_a_core_file_found_by_the_post_mortem_fails(case: Case) -> None:
    case.jail.write("west/step/0000.out", b"\nCORE FOUND: /tmp/core.west.pluto.1\n")
    assert any(check.name == "CORE" and check.state is CheckState.FAILED for check in case.judge())


def test_leftovers_warn_and_change_nothing(case: Case) -> None:
    left = b"src 192.1.2.45 dst 192.1.2.23\n\tproto esp spi 0x1 reqid 1 mode tunnel\n\tenc cbc(aes) 0x01\n"
    case.jail.write("west/state/xfrm-state.left", left)
    case.jail.write("west/state/cores", b"pluto.12\n")
    checks = case.judge()
    assert conclude(checks) == (Verdict.PASSED, "")
    warned = {check.name for check in checks if check.state is CheckState.WARNING}
    assert {"no SA left", "no core file"} <= warned


@pytest.mark.parametrize("script", ["exit 3\n", "echo 'sed: bad' >&2\n"], ids=["fails", "complains"])
def test_a_sanitizer_that_fails_is_no_verdict_about_the_daemon(case: Case, script: str) -> None:
    case.sanitizer(f"#!/bin/bash\n{script}")
    verdict, reason = case.verdict()
    assert verdict is Verdict.LAB_ERROR
    assert "sanitizer-failed" in reason


def test_a_step_past_its_limit_fails(case: Case) -> None:
    verdict, reason = case.verdict(stopped="step 0 `sleep` ran past 120 s")
    assert verdict is Verdict.FAILED
    assert reason.startswith("TIMEOUT")


def test_a_broken_lab_is_no_verdict_about_the_daemon(case: Case) -> None:
    verdict, reason = case.verdict(error="west: kernel panic")
    assert verdict is Verdict.LAB_ERROR
    assert "kernel panic" in reason


def test_the_merged_reference_is_the_only_one(case: Case) -> None:
    (case.directory / "all.console.txt").write_bytes(b"west# ipsec up x\n\ntunnel 0xSPI\n\n\n")
    checks = case.judge(references={"": str(case.directory / "all.console.txt")})
    assert [check.host for check in checks if check.name == "as the reference"] == [""]

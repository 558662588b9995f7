"""Runs as the lab would record them, built in Python: what report tests read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from parley.record.layout import RunLayout
from parley.record.results import (
    Attempt,
    CaseResult,
    CellRef,
    HostRecord,
    PlayRecord,
    RunRecord,
    StepRecord,
    write_json,
)
from parley.verdict import Check, CheckState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

VERSIONS = {"libreswan": "5.2", "openiked": "7.4", "strongswan": "6.0.1"}
STARTED = "2026-01-14T09:12:03+00:00"

REFERENCE = """\
ipsec start
 Redirecting to: [initsystem]
west #
 ipsec add psk
"psk": added IKEv2 connection
west #
 ipsec up psk
"psk" #1: initiating IKEv2 connection to 192.1.2.23 using UDP
"psk" #1: sent IKE_SA_INIT request to 192.1.2.23:500
"psk" #1: processed IKE_SA_INIT response; sent IKE_AUTH request {cipher=AES_GCM_16_256 group=DH19}
"psk" #1: initiator established IKE SA; authenticated peer using authby=secret and IPV4_ADDR '192.1.2.23'
"psk" #2: initiator established Child SA using #1; IPsec tunnel {ESP=>0xESPESP <0xESPESP xfrm=AES_GCM_16_256}
west #
 ping -n -q -c 4 -I 192.0.1.254 192.0.2.254
4 packets transmitted, 4 received, 0% packet loss
west #
"""
HOSTILE = "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script> \u202egnp.exe [red]| `x` @you"


def host(name: str, implementation: str, *, platform: str = "debian", backend: str = "uml") -> HostRecord:
    return HostRecord(
        name=name,
        platform=platform,
        implementation=implementation,
        backend=backend,
        image=f"{platform}-{implementation or 'plain'}-3f9c2a1b",
        kernel="Linux 6.12.63" if platform == "debian" else "OpenBSD 7.8",
        version=VERSIONS.get(implementation, ""),
        packages={implementation: f"{VERSIONS.get(implementation, '')}-1"} if implementation else {},
    )


def result(name: str, verdict: Verdict = Verdict.PASSED, **changes: object) -> CaseResult:
    """One result with two hosts and sensible checks; `changes` replace fields."""
    base = CaseResult(
        case=name,
        verdict=verdict,
        title="Pre-shared key tunnel between two gateways",
        checks=(
            Check("transcript", CheckState.OK, "west", "as the reference", "west.console.txt"),
            Check("transcript", CheckState.OK, "east", "as the reference", "east.console.txt"),
            Check("no packet in clear", CheckState.OK, "", "0 of 48 frames", "capture.pcapng"),
        ),
        hosts=(host("west", "libreswan"), host("east", "openiked")),
        durations={"boot": 1.2, "play": 3.4, "collect": 0.3},
        started=STARTED,
        rerun=f"parley run {name}",
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields come by name from the tests


def replaced(one: CaseResult, verdict: Verdict) -> CaseResult:
    """The same case with another verdict and nothing to say about it."""
    return replace(one, verdict=verdict, reason="", checks=())


def of_every_verdict() -> tuple[CaseResult, ...]:
    """Nine results, one of each verdict, as a real run would phrase them."""
    failed_check = Check(
        "traffic both ways",
        CheckState.FAILED,
        "east",
        "0 of 4 replies of 1400 bytes",
        "share/east/step/0003.out",
    )
    return (
        result("ikev2-psk-basic"),
        result(
            "ikev2-psk-rekey",
            Verdict.DIFFERS,
            reason="west: 2 lines are not the reference",
            checks=(
                Check(
                    "transcript",
                    CheckState.DIFFERS,
                    "west",
                    "2 lines differ, first line 11",
                    "west.console.txt",
                ),
            ),
        ),
        result(
            "ikev2-mtu-large",
            Verdict.FAILED,
            reason="traffic both ways on east: 0 of 4 replies of 1400 bytes",
            checks=(failed_check,),
        ),
        result(
            "ikev2-mlkem768", Verdict.UNSUPPORTED, reason="openiked 7.4 declares no ML-KEM (iked.conf(5))"
        ),
        result("ikev2-mobike", Verdict.KNOWN, reason="as https://example.org/issues/2602 says: no reply"),
        result("ikev2-frag", Verdict.FIXED, reason="passed, yet https://example.org/issues/17 is open"),
        result(
            "ikev2-dpd",
            Verdict.FLAKY,
            reason="failed, then passed on the retry",
            attempts=(Attempt(Verdict.FAILED, "no INFORMATIONAL reply within 30 s", "ikev2-dpd.attempt-1"),),
        ),
        result(
            "ikev2-cert",
            Verdict.LAB_ERROR,
            reason="east: kernel panic 0.4 s after boot",
            checks=(
                Check("boot", CheckState.ERROR, "east", "Kernel panic - not syncing", "east.kernel.log"),
            ),
        ),
        CaseResult(
            "ikev2-eap", Verdict.NOT_RUN, reason="the run was interrupted", rerun="parley run ikev2-eap"
        ),
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """How much each case's directory holds."""

    transcripts: bool = True
    differing: str = ""


def write_run(root: Path, results: Sequence[CaseResult], *, shape: Shape | None = None) -> Path:
    """Record `results` as a run in `root`, each judged case with its artifacts; returns `root`."""
    shape = shape or Shape()
    layout = RunLayout(root)
    root.mkdir(parents=True, exist_ok=True)
    for one in results:
        if one.verdict is not Verdict.NOT_RUN:
            _write_case(layout, one, shape)
    record = RunRecord(
        command=("parley", "run", "--jobs", "2", "suites/ikev2"),
        cases=tuple(one.case for one in results),
        started=STARTED,
        finished="2026-01-14T09:14:41+00:00",
        parley="0.1.0",
        machine={"system": "Linux 6.12.63", "cpus": "2", "memory": "7.8 GiB", "kvm": "no"},
        suites=("suites/ikev2",),
        cells={one.case: one.cell for one in results if one.cell},
    )
    write_json(layout.record, record)
    return root


def _write_case(layout: RunLayout, one: CaseResult, shape: Shape) -> None:
    case = layout.case(one.case)
    case.root.mkdir(parents=True, exist_ok=True)
    write_json(case.result, one)
    if not shape.transcripts:
        return
    references = layout.root / "references"
    references.mkdir(exist_ok=True)
    for record in one.hosts:
        reference = REFERENCE.replace("west", record.name)
        (references / f"{record.name}.console.txt").write_text(reference)
        transcript = _transcript(reference, one, record.name, shape)
        case.transcript(record.name).write_text(transcript)
        case.raw_transcript(record.name).write_text(transcript.replace("0xESPESP", "0x9f2c11ab"))
        case.kernel_log(record.name).write_text("Linux version 6.12.63\nKernel command line: root=98:0\n")
        _write_share(case.share / record.name)
    case.capture.write_bytes(b"\x0a\x0d\x0d\x0a" + bytes(2000))
    write_json(case.play, _play(one, references, case.root))


def _transcript(reference: str, one: CaseResult, name: str, shape: Shape) -> str:
    if one.verdict is Verdict.DIFFERS and name == "west":
        reference = reference.replace("group=DH19", "group=DH20").replace(
            "4 packets", shape.differing + "64 bytes from 192.0.2.254\n4 packets"
        )
    if one.verdict is Verdict.FAILED and name == "east":
        reference = reference.replace("4 received, 0% packet loss", "0 received, 100% packet loss")
    return reference


def _write_share(share: Path) -> None:
    for name, text in {
        "log/pluto.log": "pluto: listening\n",
        "state/xfrm.state": "src 192.1.2.45 dst 192.1.2.23\n",
        "step/0003.out": "4 packets transmitted, 0 received\n",
    }.items():
        path = share / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _play(one: CaseResult, references: Path, directory: Path) -> PlayRecord:
    ping = 1 if one.verdict is Verdict.FAILED else 0
    commands = (
        ("east", "ipsec start", 0),
        ("west", "ipsec start", 0),
        ("west", "ipsec up psk", 0),
        ("east", "ping -n -q -c 4 -s 1400 192.0.1.254", ping),
    )
    steps = tuple(
        StepRecord(
            index=index,
            host=where,
            text=text,
            is_comment=False,
            started=1.2 + index * 0.7,
            elapsed=0.6,
            status=status,
            output=f"{where}/step/{index:04}.out",
        )
        for index, (where, text, status) in enumerate(commands)
    )
    return PlayRecord(
        case=one.case,
        directory=str(directory),
        hosts=one.hosts,
        steps=steps,
        references={record.name: str(references / f"{record.name}.console.txt") for record in one.hosts},
        durations=one.durations,
    )


def cells(
    scenarios: Iterable[str],
    implementations: Sequence[str] = ("libreswan", "openiked", "strongswan"),
    *,
    verdicts: dict[tuple[str, str, str], tuple[Verdict, str]] | None = None,
) -> tuple[CaseResult, ...]:
    """Every cell of a matrix; `verdicts` maps (scenario, initiator, responder) to what is not passed."""
    found = []
    for scenario in scenarios:
        for initiator in implementations:
            for responder in implementations:
                key = (scenario, initiator, responder)
                verdict, reason = (verdicts or {}).get(key, (Verdict.PASSED, ""))
                found.append(
                    result(
                        f"{scenario}.{initiator}.{responder}",
                        verdict,
                        title=f"{scenario}: {initiator} initiates to {responder}",
                        reason=reason,
                        hosts=(host("west", initiator), host("east", responder)),
                        cell=CellRef(*key, rfc=RFCS.get(scenario, ())),
                    )
                )
    return tuple(found)


RFCS = {
    "rekey-ike": ("RFC 7296 section 2.8", "RFC 7296 section 2.18"),
    "rekey-child": ("RFC 7296 section 2.8",),
    "mlkem768": ("RFC 9370",),
    "mobike": ("RFC 4555 section 3.5",),
}

SCENARIOS = (
    "psk-tunnel",
    "psk-transport",
    "cert-ecdsa",
    "rekey-ike",
    "rekey-child",
    "mlkem768",
    "dpd",
    "fragmentation",
    "wrong-psk",
    "mobike",
)


def mixed_cells() -> tuple[CaseResult, ...]:
    """A 3 x 3 matrix of ten scenarios with every pattern that the page has to point out."""
    names = ("libreswan", "openiked", "strongswan")
    verdicts: dict[tuple[str, str, str], tuple[Verdict, str]] = {
        ("rekey-ike", "openiked", "strongswan"): (Verdict.FAILED, "no traffic after the rekey"),
        ("rekey-child", "libreswan", "openiked"): (Verdict.DIFFERS, "west: 1 line is not the reference"),
        ("dpd", "strongswan", "libreswan"): (Verdict.FLAKY, "failed, then passed on the retry"),
        ("psk-transport", "openiked", "openiked"): (Verdict.LAB_ERROR, "east: agent lost"),
        ("wrong-psk", "libreswan", "strongswan"): (Verdict.NOT_RUN, "the run was interrupted"),
        ("cert-ecdsa", "strongswan", "openiked"): (Verdict.FIXED, "passed, yet issue 17 is open"),
    }
    for other in names:
        for key in (("mlkem768", other, "openiked"), ("mlkem768", "openiked", other)):
            verdicts[key] = (Verdict.UNSUPPORTED, "openiked 7.4 declares no ML-KEM")
        for key in (("fragmentation", other, "strongswan"), ("fragmentation", "strongswan", other)):
            verdicts[key] = (Verdict.FAILED, "IKE_AUTH request of 3 fragments unanswered")
    verdicts["mobike", "openiked", "libreswan"] = (Verdict.KNOWN, "as https://example.org/issues/2602 says")
    return cells(SCENARIOS, names, verdicts=verdicts)

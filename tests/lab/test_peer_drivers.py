"""strongSwan and OpenIKED on real kernels: what their drivers render works, and what they read is true."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from parley.wire.keys import ike_row

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Parley = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.lab

# Each shows something that no other does.
STRONGSWAN = ("cookie", "eap-tls", "ppk", "reauthenticate", "rekey-both-kinds", "several-children")
MIXED = (
    "strongswan/openiked/delete-child-responder",
    "strongswan/openiked/eap-mschapv2",
    "strongswan/openiked/pool-ipv4",
    "openiked/strongswan/invalid-ke",
    "openiked/strongswan/raw-key-ecdsa",
    "openiked/openiked/cert-chain",
    "openiked/openiked/rekey-child-initiator",
)


def results(directory: Path) -> dict[str, Path]:
    """The directories of the latest run's cases by INITIATOR/RESPONDER/SCENARIO."""
    found = {}
    for path in directory.glob("parley-runs/latest/cases/*"):
        scenario, initiator, responder = path.name.split(".")
        found[f"{initiator}/{responder}/{scenario}"] = path
    return found


def verdicts(cases: dict[str, Path]) -> dict[str, str]:
    return {cell: json.loads((path / "result.json").read_text())["verdict"] for cell, path in cases.items()}


def keys(case: Path, host: str) -> set[str]:
    """The rows that a daemon told Wireshark; ike_row() raises ValueError for one that is no good."""
    text = (case / "share" / host / "state" / "ikev2_decryption_table").read_text()
    return {ike_row(line)[1] for line in text.splitlines()}


def assert_both_tell_the_same_keys(case: Path) -> int:
    """Both ends derived the same keys, each with a library of its own; returns of how many IKE SAs."""
    west, east = (keys(case, host) for host in ("west", "east"))
    assert west == east, case.name
    assert west, case.name
    return len(west)


@pytest.mark.slow
def test_strongswan_at_both_ends(parley: Parley, tmp_path: Path) -> None:
    cells = [f"strongswan/strongswan/{name}" for name in STRONGSWAN]
    parley("matrix", *cells, "--no-html", timeout=280)
    cases = results(tmp_path)
    assert verdicts(cases) == dict.fromkeys(cells, "passed")
    sas = {cell: assert_both_tell_the_same_keys(case) for cell, case in cases.items()}
    assert sas["strongswan/strongswan/rekey-both-kinds"] > 1
    assert sas["strongswan/strongswan/eap-tls"] == 1


@pytest.mark.slow
def test_openiked_at_one_end_or_both(parley: Parley, tmp_path: Path) -> None:
    parley("matrix", *MIXED, "--no-html", timeout=280)
    cases = results(tmp_path)
    assert verdicts(cases) == dict.fromkeys(MIXED, "passed")
    for case in cases.values():
        assert_both_tell_the_same_keys(case)


def test_lacks_are_told_before_anything_is_booted(parley: Parley, tmp_path: Path) -> None:
    cells = ("openiked/openiked/ipcomp", "openiked/strongswan/gcm128", "strongswan/strongswan/ml-kem")
    parley("matrix", *cells, "--no-html")
    cases = results(tmp_path)
    assert verdicts(cases) == dict.fromkeys(cells, "unsupported")
    assert not any((case / "capture.pcapng").exists() for case in cases.values())

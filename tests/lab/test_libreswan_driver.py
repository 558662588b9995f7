"""Libreswan at both ends, on real kernels: what the driver renders works, and what it reads is true.

The judge compares what both daemons are read as with both kernels and with the wire, so a cell that passed
is a driver that told the truth.
"""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Parley = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.lab

_PASSED = (
    "psk",
    "cert-chain",
    "raw-key-ecdsa",
    "asymmetric-psk-cert",
    "several-children",
    "delete-one-child",
    "ipv6-rekey-child-transport",
    "reauthenticate",
    "mobike",
    "revoked",
)


def verdicts(directory: Path) -> dict[str, str]:
    results = directory.glob("parley-runs/latest/cases/*/result.json")
    found = (json.loads(path.read_text()) for path in results)
    return {result["case"].partition(".")[0]: result["verdict"] for result in found}


@pytest.mark.slow
def test_scenarios_of_every_kind_pass(parley: Parley, tmp_path: Path) -> None:
    parley("matrix", *(f"libreswan/libreswan/{name}" for name in _PASSED), "--no-html", timeout=280)
    assert verdicts(tmp_path) == dict.fromkeys(_PASSED, "passed")


def test_lacks_are_told_before_anything_is_booted(parley: Parley, tmp_path: Path) -> None:
    parley("matrix", "libreswan/libreswan/eap-tls", "libreswan/libreswan/cert-ed25519", "--no-html")
    assert verdicts(tmp_path) == dict.fromkeys(("eap-tls", "cert-ed25519"), "unsupported")


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(("name", "sas"), [("rekey-both-kinds", 2), ("cbc-sha384", 1)])
def test_wireshark_decrypts_every_ike_sa(parley: Parley, tmp_path: Path, name: str, sas: int) -> None:
    played = parley("matrix", f"libreswan/libreswan/{name}", "--no-html")
    assert played.returncode == 0, played.stdout
    case = tmp_path / f"parley-runs/latest/cases/{name}.libreswan.libreswan"
    tables = [(case / f"share/{host}/state/ikev2_decryption_table").read_text() for host in ("west", "east")]
    # Both ends derived the same keys, each with a library of its own.
    assert tables[0] == tables[1]
    rows = tables[0].splitlines()
    assert len(rows) == len({tuple(next(csv.reader([row]))[:2]) for row in rows}) == sas
    assert _decrypted(case / "capture.pcapng", rows, "isakmp.exchangetype == 35") >= {"isakmp.auth.method"}
    informational = _decrypted(case / "capture.pcapng", rows, "isakmp.exchangetype == 37")
    assert informational >= {"isakmp.delete.protoid"}


def _decrypted(capture: Path, rows: list[str], which: str) -> set[str]:
    """Names of the fields that tshark found in the messages of one exchange."""
    tables = [word for row in rows for word in ("-o", f"uat:ikev2_decryption_table:{row}")]
    command = ["tshark", "-r", str(capture), *tables, "-Y", which, "-T", "pdml"]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {part.partition('"')[0] for part in found.split('<field name="')[1:]}

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Parley = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]


def test_a_scripted_case_shows_its_messages_and_decrypts_its_traffic(parley: Parley) -> None:
    case = "interop-ikev2-openbsd-01"
    assert parley("run", case).returncode == 0
    shown = parley("capture", case)
    assert shown.returncode == 0, shown.stderr
    rungs = shown.stdout.splitlines()
    assert "west --> east  IKE_SA_INIT 0 request" in rungs[0].replace("──▶", "-->")
    assert "N(NAT_DETECTION_SOURCE_IP)" in rungs[0]
    assert any("ESP x" in rung for rung in rungs)
    assert "IPsec SAs: 2" in rungs[-1]
    # Tunnelled echoes can be seen only with the kernels' keys.
    inside = parley("capture", case, "--tshark", "--", "-Y", "esp && icmp", "-T", "fields", "-e", "ip.src")
    assert inside.returncode == 0, inside.stderr
    assert "192.1.2.45,192.0.1.254" in inside.stdout


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("strongswan/strongswan/cbc-sha256", "cbc-sha256.strongswan.strongswan"),
        ("libreswan/strongswan/psk", "psk.libreswan.strongswan"),
    ],
)
def test_a_cell_is_decrypted_with_the_keys_that_its_daemons_told(
    parley: Parley, tmp_path: Path, cell: str, name: str
) -> None:
    assert parley("matrix", cell).returncode == 0
    assert parley("capture", name).returncode == 0
    ladder = json.loads((tmp_path / "parley-runs/latest/cases" / name / "ladder.json").read_text())
    exchanges = {message["exchange"]: message for message in ladder["messages"]}
    assert {"IDr", "AUTH", "SA", "TSi", "TSr"} <= set(exchanges["IKE_AUTH"]["protected"])
    assert all(message["protected"] is not None for message in ladder["messages"] if message["protection"])

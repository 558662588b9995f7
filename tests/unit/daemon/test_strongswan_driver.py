from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.daemon.driver import Addresses
from parley.daemon.strongswan.driver import StrongswanDriver
from parley.scenario.model import Role
from scenario_files import scenario

if TYPE_CHECKING:
    from pathlib import Path

# Stands for swanctl: shows one SA after the other, each time it is asked, and takes any other command.
FAKE_SWANCTL = """#!/bin/sh
case $1 in
--list-sas)
    set -- $(cat "$STATES")
    echo "state = ${1%:*}"
    echo "initiator-spi = ${1#*:}"
    shift
    [ $# -eq 0 ] || echo "$@" >"$STATES"
    ;;
esac
"""


def rekeyed(place: Path, *states: str) -> bool:
    """Whether the command to rekey an IKE SA is content with these, one `STATE:SPI` a look."""
    program = place / "swanctl"
    program.write_text(FAKE_SWANCTL)
    program.chmod(0o755)
    (place / "states").write_text(" ".join(states))
    driver = StrongswanDriver(scenario(""), Role.INITIATOR, Addresses("192.1.2.45", "192.1.2.23"))
    command = (driver.rekey_ike() or "").replace("+ 30)", "+ 0)")
    environment = {"PATH": f"{place}:{os.environ['PATH']}", "STATES": str(place / "states")}
    return (
        subprocess.run(["sh", "-c", command], check=False, env=environment, capture_output=True).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("states", "is_done"),
    [
        (("ESTABLISHED:aa", "REKEYING:aa", "ESTABLISHED:bb"), True),
        (("ESTABLISHED:aa", "ESTABLISHED:aa", "REKEYING:aa"), False),
        # The peer was just about to replace it when we began.
        (("REKEYED:aa", "REKEYING:bb", "ESTABLISHED:cc"), True),
        (("REKEYED:aa", "REKEYING:bb"), False),
    ],
)
def test_an_ike_sa_is_rekeyed_when_another_is_established(
    tmp_path: Path, states: tuple[str, ...], is_done: bool
) -> None:
    assert rekeyed(tmp_path, *states) is is_done


def test_a_machine_that_just_booted_may_demand_cookies() -> None:
    loaded = scenario("[responder]\ncookie = true")
    addresses = Addresses("192.1.2.23", "192.1.2.45")
    assert "unshare --time --monotonic" in StrongswanDriver(loaded, Role.RESPONDER, addresses).start()
    assert "unshare" not in StrongswanDriver(loaded, Role.INITIATOR, addresses).start()

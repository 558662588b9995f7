"""OpenBSD's own iked: what it is told and what it lacks. Seen on no real OpenBSD yet."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from parley.daemon.driver import Addresses
from parley.daemon.openiked import OPENIKED
from parley.daemon.openiked.native import NativeIkedDriver
from parley.daemon.registry import daemon_named
from parley.scenario.load import load_scenario
from parley.scenario.model import Role
from parley.scenario.suite import default_scenarios, load_scenarios

if TYPE_CHECKING:
    from pathlib import Path

    from parley.scenario.model import Scenario

ADDRESSES = Addresses("192.1.2.45", "192.1.2.23")


def driver(scenario: Scenario, role: Role = Role.INITIATOR) -> NativeIkedDriver:
    return NativeIkedDriver(scenario, role, ADDRESSES)


def write(place: Path, text: str) -> Scenario:
    path = place / "sample.toml"
    path.write_text(f'title = "A sample"\n{text}')
    return load_scenario(path)


def test_openiked_is_played_by_another_driver_on_openbsd() -> None:
    assert OPENIKED.driver_on("openbsd") is NativeIkedDriver
    assert OPENIKED.driver_on("debian") is OPENIKED.driver
    assert daemon_named("libreswan").driver_on("openbsd") is None


@pytest.mark.parametrize(
    "child",
    [
        'encryption = "ENCR_AES_GCM_16-128"',
        'encryption = "ENCR_CHACHA20_POLY1305"',
        'encryption = "ENCR_AES_CBC-256"\nintegrity = "AUTH_HMAC_SHA2_256_128"',
        'encryption = "ENCR_AES_GCM_16-256"\nesn = true',
    ],
)
def test_what_only_linux_s_pf_key_lacks_is_no_lack(tmp_path: Path, child: str) -> None:
    scenario = write(tmp_path, f"[child]\n{child}\n")
    assert driver(scenario).lack() is None
    portable = OPENIKED.driver_on("debian")
    assert portable
    assert portable(scenario, Role.INITIATOR, ADDRESSES).lack() is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[child]\nencryption = 'ENCR_AES_CCM_16-128'\n", "no ENCR_AES_CCM_16-128 for ESP"),
        ("step = ['up', 'traffic', 'delete-child', 'down']\n", "no command to delete a Child SA"),
        ("step = ['up', 'traffic', 'reauthenticate', 'down']\n", "no command to reauthenticate"),
    ],
)
def test_what_iked_lacks_it_lacks_everywhere(tmp_path: Path, text: str, reason: str) -> None:
    lack = driver(write(tmp_path, text)).lack()
    assert lack
    assert reason in lack.reason


def test_it_initiates_by_its_own_timer_and_only_when_told(tmp_path: Path) -> None:
    one = driver(write(tmp_path, ""))
    text = one.files()["/etc/iked.conf"].text
    assert text.startswith("set passive\n")
    assert '" active tunnel esp' in text
    assert list(one.files()) == ["/etc/iked.conf"]
    assert one.up().index("ikectl active") < one.up().index("sa_flows")
    assert one.down().startswith("ikectl passive")


def test_a_child_that_a_scenario_has_rekeyed_does_not_live_long(tmp_path: Path) -> None:
    steps = "step = ['up', 'traffic', {{do = 'rekey-child', by = '{}'}}, 'traffic', 'down']\n"
    own = driver(write(tmp_path, steps.format("initiator")))
    assert "lifetime 10 bytes 4G" in own.files()["/etc/iked.conf"].text
    (child,) = own.connection.children
    assert "ikectl show sa" in str(own.rekey_child(child))
    other = driver(write(tmp_path, steps.format("responder")))
    assert "lifetime" not in other.files()["/etc/iked.conf"].text
    assert other.rekey_child(child) is None


def test_the_card_of_a_lease_is_put_into_the_configuration(tmp_path: Path) -> None:
    """The start command's sed, on a file as rendered."""
    cards, configuration = tmp_path / "cards", tmp_path / "iked.conf"
    cards.write_text("eth0 vio0\neth1 vio1\n")
    configuration.write_text('ikev2 "p" active \\\n    request address 0.0.0.0 \\\n    iface eth1\n')
    lines = [
        line
        for line in driver(write(tmp_path, "")).start().splitlines()
        if line.startswith(("card=", "text=", 'echo "$text'))
    ]
    script = (
        "\n".join(lines).replace("/parley/cards", str(cards)).replace("/etc/iked.conf", str(configuration))
    )
    subprocess.run(["sh", "-c", script], check=True)
    assert configuration.read_text().endswith("\n    iface vio1\n")


@pytest.mark.parametrize("shell", [shell for shell in ("sh", "mksh") if shutil.which(shell)])
def test_every_command_is_shell(tmp_path: Path, shell: str) -> None:
    one = driver(write(tmp_path, "step = ['up', 'traffic', 'rekey-child', 'rekey-ike', 'traffic', 'kill']\n"))
    child = one.connection.children[0]
    for command in (
        one.start(),
        one.up(),
        one.down(),
        one.rekey_child(child),
        one.rekey_ike(),
        one.kill(),
        one.status(),
        one.keys(),
    ):
        assert command
        assert "ip xfrm" not in command
        assert "xfrm-event" not in command
        subprocess.run([shell, "-n", "-c", command], check=True)


def test_most_scenarios_can_be_played() -> None:
    scenarios, _ = load_scenarios((default_scenarios(),))
    played = [scenario for scenario in scenarios if driver(scenario, Role.RESPONDER).lack() is None]
    assert len(played) > len(scenarios) // 3

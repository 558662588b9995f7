from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from parley.cell.drivers import hosts_of, make_driver
from parley.daemon.driver import Addresses
from parley.daemon.libreswan.driver import LibreswanDriver
from parley.scenario.load import load_scenario
from parley.scenario.model import Role
from scenario_files import scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parley.daemon.driver import Driver

_SCENARIOS = sorted((Path(__file__).parents[3] / "scenarios").glob("*.toml"))
_SEVERAL = """
    [[child]]
    name = "first"
    initiator = "192.0.1.0/24"
    responder = "192.0.2.0/24"
    [[child]]
    name = "second"
    initiator = "192.0.11.0/24"
    responder = "192.0.22.0/24"
"""


def driver(text: str, role: Role = Role.INITIATOR) -> LibreswanDriver:
    return LibreswanDriver(scenario(text), role, Addresses("192.1.2.45", "192.1.2.23"))


def certified(own: str, peers: str) -> str:
    return (
        f'[initiator]\nauth = "certificate"\ncertificate = "{own}"\n'
        f'[responder]\nauth = "certificate"\ncertificate = "{peers}"\n'
    )


def commands(driver: Driver) -> Iterator[str]:
    child = driver.connection.children[0]
    yield from (driver.start(), driver.up(), driver.down(), driver.status(), driver.keys(), driver.kill())
    yield from filter(None, (driver.rekey_child(child), driver.delete_child(child), driver.rekey_ike()))
    yield driver.reauthenticate() or ""


@pytest.mark.parametrize("path", _SCENARIOS, ids=lambda path: path.stem)
def test_every_command_of_every_scenario_is_sh(path: Path) -> None:
    loaded = load_scenario(path)
    for role in Role:
        for text in commands(make_driver("libreswan", loaded, role, hosts_of(loaded))):
            subprocess.run(["sh", "-n", "-c", text], check=True)


def test_start_waits_for_every_connection() -> None:
    start = driver(_SEVERAL).start()
    assert start.index('"first": *host: oriented') < start.index('"second": *host: oriented')
    assert "pk12util" not in start


def test_own_certificate_and_peers_authority_are_imported() -> None:
    start = driver(certified("rsa", "ecdsa")).start()
    assert "/testing/x509/rsa/west.p12" in start
    assert "-i /testing/x509/ecdsa/ca.crt" in start
    assert "crlutil" not in start


def test_the_list_of_the_revoked_is_imported_by_who_must_heed_it() -> None:
    text = certified("revoked", "ecdsa") + '[expect]\noutcome = "refused"\n'
    assert "crl.der" not in driver(text).start()
    assert "-i /testing/x509/revoked/crl.der" in driver(text, Role.RESPONDER).start()


def test_nobody_trusts_the_unknown_authority() -> None:
    text = certified("unknown", "ecdsa") + '[expect]\noutcome = "refused"\n'
    start = driver(text, Role.RESPONDER).start()
    assert "x509/unknown" not in start
    assert "-i /testing/x509/ecdsa/ca.crt" in start


def test_public_keys_are_written_for_the_ends_that_have_no_certificate() -> None:
    raw = 'auth = "raw-key"\ncertificate = "rsa"\n'
    start = driver(f"[initiator]\n{raw}[responder]\n{raw}").start()
    assert "leftpubkey=" in start
    assert "/testing/x509/rsa/east.pub" in start
    mixed = driver(f'[initiator]\n{raw}[responder]\nauth = "certificate"\ncertificate = "ecdsa"\n').start()
    assert "leftpubkey=" in mixed
    assert "rightpubkey=" not in mixed


def test_up_brings_up_every_child() -> None:
    up = driver(_SEVERAL).up()
    assert up.index("--name first --initiate") < up.index("--name second --initiate")


def test_serial_numbers_are_read_from_what_pluto_prints() -> None:
    states = (Path(__file__).parent / "data" / "libreswan-initiator.txt").read_text()
    several = driver(_SEVERAL)
    for child, serial in zip(several.connection.children, ("#2", "#4"), strict=True):
        line = several.rekey_child(child).splitlines()[0]
        script = line.removeprefix("old=$(").removesuffix(")").partition(" | ")[2]
        found = subprocess.run(
            ["sh", "-c", script], input=states, text=True, check=True, stdout=subprocess.PIPE
        )
        assert found.stdout == f"{serial}\n"

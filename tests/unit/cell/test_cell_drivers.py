from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cell_samples import Cell
from fake_labs import ToyDriver, installed, toy
from parley.cell.drivers import declared_lack, driver_for, hosts_of, make_driver
from parley.errors import UsageError
from parley.scenario.model import Role
from scenario_files import scenario

if TYPE_CHECKING:
    from pathlib import Path

    from parley.scenario.model import Scenario


def addresses(text: str) -> dict[str, tuple[str, str, str]]:
    with installed(toy()):
        made = scenario(text)
        drivers = {role: make_driver("toy", made, role, hosts_of(made)) for role in Role}
    return {
        role: (driver.addresses.local, driver.addresses.remote, driver.addresses.interface)
        for role, driver in drivers.items()
    }


def test_the_two_gateways_know_each_other_by_their_public_addresses() -> None:
    assert addresses("") == {
        "initiator": ("192.1.2.45", "192.1.2.23", "eth1"),
        "responder": ("192.1.2.23", "192.1.2.45", "eth1"),
    }


def test_an_outer_ipv6_has_their_ipv6_addresses() -> None:
    assert addresses('[network]\nouter = "ipv6"\n') == {
        "initiator": ("2001:db8:1:2::45", "2001:db8:1:2::23", "eth1"),
        "responder": ("2001:db8:1:2::23", "2001:db8:1:2::45", "eth1"),
    }


@pytest.mark.parametrize(
    ("nat", "remote_of_initiator"),
    [('"initiator"', "192.1.2.23"), ('["initiator", "responder"]', "192.1.3.254")],
)
def test_behind_a_nat_sits_road_and_nic_is_what_the_peer_sees(nat: str, remote_of_initiator: str) -> None:
    text = f"[network]\nnat = {nat}\n"
    assert hosts_of(scenario(text)) == {"initiator": "road", "responder": "east"}
    assert addresses(text) == {
        "initiator": ("192.1.3.209", remote_of_initiator, "eth0"),
        "responder": ("192.1.2.23", "192.1.2.254", "eth1"),
    }


def test_an_implementation_without_a_driver_plays_no_scenario() -> None:
    made = scenario("")
    with installed(toy(driver=None)), pytest.raises(UsageError, match="Toy has no driver for scenarios"):
        make_driver("toy", made, Role.INITIATOR, hosts_of(made))


def test_a_recorded_cell_is_judged_with_the_version_that_was_played(tmp_path: Path) -> None:
    cell = Cell(tmp_path)
    with installed(toy()):
        driver = driver_for(cell.record, cell.scenario, Role.RESPONDER)
    assert (driver.version, driver.role, driver.addresses.local) == ("1.0", Role.RESPONDER, "192.1.2.23")
    hosts = tuple(replace(host, name="elsewhere") for host in cell.record.hosts)
    with installed(toy()):
        assert driver_for(replace(cell.record, hosts=hosts), cell.scenario, Role.RESPONDER).version == ""


def lack_of(made: Scenario) -> str:
    return declared_lack(
        {
            role: ToyDriver(made, role, make_driver("toy", made, role, hosts_of(made)).addresses)
            for role in Role
        }
    )


def test_a_lack_names_the_implementation_the_role_and_the_source() -> None:
    with installed(toy()):
        assert lack_of(scenario("")) == ""
        made = replace(scenario(""), title="What toy lacks ML-KEM")
        assert lack_of(replace(made, title="toy lacks ML-KEM")) == "toy as initiator: ML-KEM (toy(8))"

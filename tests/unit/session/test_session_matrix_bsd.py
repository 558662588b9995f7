from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parley.cell.drivers import make_driver, part_of
from parley.daemon.openiked.native import NativeIkedDriver
from parley.image.store import Made, Store
from parley.install.base import base_key, freeze
from parley.scenario.model import Role
from parley.session.matrix import MatrixOptions, select_cells
from toy_guests import write_scenario

if TYPE_CHECKING:
    from pathlib import Path


def columns(place: Path, **options: object) -> set[str]:
    chosen = MatrixOptions(**options)  # type: ignore[arg-type]  # by name
    return {cell.responder for cell in select_cells([write_scenario(place)], chosen)}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "cache"))
    return Store(tmp_path / "cache")


def test_a_bsd_that_is_installed_is_a_row_and_a_column(tmp_path: Path, store: Store) -> None:
    def install(directory: Path) -> Made:
        (directory / "disk.qcow2").touch()
        return Made("recipe", facts={"platform": "openbsd", "version": "7.9"})

    assert columns(tmp_path) == {"libreswan", "openiked", "strongswan"}
    freeze(store, base_key("openbsd-7.9", {}), install, lambda _: None)
    assert columns(tmp_path) == {"libreswan", "openiked", "strongswan", "openbsd"}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "asked",
    [{"selectors": ("libreswan/openbsd/*",)}, {"must_include": "openbsd"}, {"implementations": ("openbsd",)}],
)
def test_one_that_is_not_is_one_where_it_is_asked_for(tmp_path: Path, asked: dict[str, object]) -> None:
    assert "openbsd" in columns(tmp_path, **asked)


def test_its_word_means_its_own_daemon_on_its_own_kernel(tmp_path: Path) -> None:
    assert part_of("openbsd") == ("openbsd", "openiked")
    assert part_of("openiked") == ("debian", "openiked")
    hosts = {Role.INITIATOR: "west", Role.RESPONDER: "east"}
    driver = make_driver("openbsd", write_scenario(tmp_path), Role.INITIATOR, hosts)
    assert isinstance(driver, NativeIkedDriver)

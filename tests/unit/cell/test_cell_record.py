from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cell_samples import Cell, pair
from parley.cell.record import Checkpoint, read_cell
from parley.errors import InputError
from parley.record.results import write_json
from parley.scenario.model import Role

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    made = Cell(tmp_path)
    made.look("traffic", pair(), more=6)
    made.look("down", ())
    return made


def test_a_record_is_read_as_it_was_written(cell: Cell, tmp_path: Path) -> None:
    write_json(tmp_path / "cell.json", cell.record)
    assert read_cell(tmp_path / "cell.json") == cell.record


def damage(cell: Cell, path: Path, change: Callable[[dict[str, Any]], object]) -> str:
    write_json(path, cell.record)
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(InputError) as caught:
        read_cell(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data.update(schema=99), "written with schema 99"),
        (lambda data: data.pop("schema"), "lacks a schema number"),
        (lambda data: data.pop("hosts"), "damaged record: a CellRecord without hosts"),
        (lambda data: data.update(hosts=[{"name": "west"}]), "damaged record"),
        (lambda data: data.update(commands=7), "damaged record"),
        (lambda data: data.update(surprise=1), "damaged record"),
        (lambda data: data.update(roles={"initiator": "west"}), "roles are not those of both ends"),
        (lambda data: data.update(roles={"bystander": "west"}), "damaged record"),
        (lambda data: data["checkpoints"][0].update(kernel={}), "kernel of traffic is not of both ends"),
        (lambda data: data["checkpoints"][0]["status"].pop("responder"), "status of traffic is not of both"),
        (lambda data: data["checkpoints"][0]["kernel"].update(initiator=99), "names commands that are not"),
        (lambda data: data["checkpoints"][0]["kernel"].update(initiator=-1), "names commands that are not"),
        (lambda data: data["checkpoints"][0]["kernel"].update(initiator="0"), "'0' is no int"),
        (lambda data: data["checkpoints"][0].update(kernel_after={}), "without a look at the kernels"),
        (lambda data: data["checkpoints"][0].pop("name"), "damaged record"),
        (lambda data: data["commands"].clear(), "names commands that are not there"),
    ],
)
def test_a_damaged_record_is_one_clear_error(
    cell: Cell, tmp_path: Path, change: Callable[[dict[str, Any]], object], problem: str
) -> None:
    path = tmp_path / "cell.json"
    said = damage(cell, path, change)
    assert said.startswith(str(path))
    assert problem in said


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', "\x00", '{"schema": "1"}', "null"])
def test_what_is_no_record_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cell.json"
    path.write_text(text)
    with pytest.raises(InputError):
        read_cell(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("hosts", "roles", "commands", "checkpoints", "steps", "impairments", "durations", "stopped")


@given(st.sampled_from(FIELDS), JSON)
def test_no_damage_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: object
) -> None:
    path = tmp_path_factory.mktemp("cell") / "cell.json"
    made = Cell(path.parent)
    made.look("down", ())
    write_json(path, made.record)
    data = json.loads(path.read_text())
    data[field] = value
    path.write_text(json.dumps(data))
    try:
        read_cell(path)
    except InputError as error:
        assert error.path == path  # noqa: PT017 -- it may also be read


def test_a_checkpoint_knows_what_it_is_of() -> None:
    looks = dict.fromkeys(Role, 0)
    later = dict.fromkeys(Role, 1)
    assert Checkpoint("rekey-child by initiator", looks, looks).kind == "rekey-child"
    assert Checkpoint("traffic", looks, looks).latest_kernel == looks
    assert Checkpoint("traffic", looks, looks, looks, later).latest_kernel == later
    names = ("traffic", "up", "move", "rekey-ike by both", "down", "kill", "restart", "delete-child")
    assert [name for name in names if Checkpoint(name, looks, looks).expects_sas] == [
        "traffic",
        "up",
        "move",
        "rekey-ike by both",
    ]

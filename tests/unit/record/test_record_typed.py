from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.errors import InputError
from parley.record.results import CaseResult, read_play, read_result, read_run
from parley.record.typed import read_record

if TYPE_CHECKING:
    from pathlib import Path


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    colour: Colour
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    inner: tuple[Inner, ...] = ()
    number: int | None = None
    sizes: dict[Colour, int] = field(default_factory=dict)
    anything: dict[str, Any] = field(default_factory=dict)
    is_so: bool = False


def test_values_become_what_the_annotations_say() -> None:
    data = {
        "name": "x",
        "inner": [{"colour": "red", "size": 2}],
        "number": None,
        "sizes": {"red": 3},
        "anything": {"a": [1, {}]},
        "is_so": True,
    }
    assert read_record(Outer, data) == Outer(
        "x", (Inner(Colour.RED, 2),), None, {Colour.RED: 3}, {"a": [1, {}]}, is_so=True
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": 7}, "name: 7 is no str"),
        ({"name": None}, "name: None is no str"),
        ({"number": "7"}, "number: '7' is no int"),
        ({"number": True}, "number: True is no int"),
        ({"number": 7.5}, "number: 7.5 is no int"),
        ({"is_so": 1}, "is_so: 1 is no bool"),
        ({"inner": {}}, "inner: {} is no list"),
        ({"inner": ["x"]}, "inner: 'x' is no Inner"),
        ({"inner": [{}]}, "inner: a Inner without colour"),
        ({"inner": [{"colour": "blue"}]}, "inner: colour: 'blue' is not a valid"),
        ({"inner": [{"colour": "red", "size": "big"}]}, "inner: size: 'big' is no float"),
        ({"sizes": {"blue": 1}}, "sizes: 'blue' is not a valid"),
        ({"sizes": [1]}, "sizes: .* is no object"),
        ({"other": 1}, "a Outer has no 'other'"),
        ({"name": "\x1b" * 1000 + "end", "number": "\x1b" * 1000}, r"number: '(\\x1b)+\S* is no int"),
    ],
)
def test_a_value_of_another_type_is_told_with_its_field(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_record(Outer, {"name": "x", **change})


@pytest.mark.parametrize("read", [read_play, read_result, read_run])
@given(
    changed=st.dictionaries(
        st.sampled_from(["case", "hosts", "steps", "checks", "cases", "durations", "references", "verdict"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_a_damaged_record_is_an_input_error_and_never_another(
    read: Any,
    tmp_path_factory: pytest.TempPathFactory,
    changed: dict[str, object],
) -> None:
    path: Path = tmp_path_factory.mktemp("record") / "record.json"
    path.write_text(json.dumps({"schema": 1, **changed}))
    with pytest.raises(InputError):
        read(path)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    result = CaseResult(case="x", verdict="passed", durations={"boot": 1.5})  # type: ignore[arg-type]  # as in JSON
    path = tmp_path / "result.json"
    path.write_text(json.dumps(asdict(result)))
    assert read_result(path) == result

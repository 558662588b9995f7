"""Which host boots when, with hosts that are no kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_labs import equipment, plan
from parley.backend.fake import Answer, FakeBackend
from parley.errors import BootError
from parley.lab.jail import Jail
from parley.lab.lab import Lab
from parley.lab.topology import NETWORK
from parley.record.layout import CaseLayout

if TYPE_CHECKING:
    from pathlib import Path

    from parley.backend.base import BootRequest, Machine


class _Recorder(FakeBackend):
    """Writes down what happens in which order."""

    def __init__(self) -> None:
        self.events: list[str] = []
        super().__init__(self._answer)

    def boot(self, request: BootRequest) -> Machine:
        self.events.append(f"boot {request.host}")
        return super().boot(request)

    def _answer(self, host: str, command: str) -> Answer:
        self.events.append(f"{command} {host}")
        return Answer()


def lab(place: Path, backend: FakeBackend, first: str) -> Lab:
    layout = CaseLayout(place)
    Jail(layout.share).create()
    tools = equipment(place, backend)
    return Lab(layout, tuple(plan(name, tools) for name in ("east", "west")), NETWORK, first=first)


def test_the_first_host_is_up_before_the_others_boot(tmp_path: Path) -> None:
    backend = _Recorder()
    with lab(tmp_path, backend, "west") as booted:
        assert list(booted.hosts) == ["west", "east"]
    assert backend.events == ["boot west", "ping west", "boot east", "ping east"]


def test_without_one_all_boot_at_once(tmp_path: Path) -> None:
    backend = _Recorder()
    with lab(tmp_path, backend, "") as booted:
        assert list(booted.hosts) == ["east", "west"]
    assert backend.events[:1] == ["boot east"]
    assert "boot west" in backend.events


def test_nothing_is_left_open_of_a_host_that_cannot_be_booted(tmp_path: Path) -> None:
    class Broken(_Recorder):
        def boot(self, request: BootRequest) -> Machine:
            if request.host == "west":
                raise BootError("no", host="west")
            return super().boot(request)

    with pytest.raises(BootError, match="west: no"), lab(tmp_path, Broken(), ""):
        pass

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ike_messages import CbcKeys, init_payloads, message
from parley.errors import LabError
from parley.lab.jail import Owner
from parley.wire.keys import Keys
from parley.wire.tshark import Dissection, dissect, find_tool, profile

if TYPE_CHECKING:
    from collections.abc import Callable

    Stub = Callable[[str], None]

KEYS = Keys(ike=(CbcKeys().row(),), esp=('"IPv4"',))
SENT = message(init_payloads())


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Puts a shell script in tshark's place."""
    path = tmp_path / "bin" / "tshark"
    path.parent.mkdir()
    monkeypatch.setattr("parley.wire.tshark.find_tool", lambda: str(path))
    # Whoever Parley hands its rights to must be able to start it.
    for directory in path.parents:
        if directory.stat().st_uid == path.parent.stat().st_uid and directory.name:
            directory.chmod(directory.stat().st_mode | 0o011)

    def install(script: str) -> None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return install


def test_only_numbers_come_back(stub: Stub) -> None:
    stub(r"printf '2\t33,2,3,3,46,36\t\t1\t\n1\t41,41\t16388,0x1\t\t\n3\t46,39\t\t1\t1\n'")
    assert dissect([SENT] * 4, KEYS) == [
        Dissection((41, 41), (16388, 1)),
        Dissection((33, 46, 36), is_decrypted=True),
        Dissection((46, 39)),
        Dissection(),
    ]


def test_nothing_to_dissect_starts_nothing(stub: Stub) -> None:
    stub("exit 1")
    assert dissect([], KEYS) == []


def test_a_failure_is_told_without_driving_the_terminal(stub: Stub) -> None:
    stub(r"printf 'boom \033[2J' >&2; exit 7")
    with pytest.raises(LabError, match=r"tshark failed with 7: boom \\x1b\[2J"):
        dissect([SENT], KEYS)


def test_it_does_not_run_for_ever(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.wire.tshark._TIME_LIMIT", 0.2)
    stub("exec sleep 60")
    with pytest.raises(LabError, match="did not end"):
        dissect([SENT], KEYS)


def test_it_sees_a_profile_of_its_own_and_has_the_rights_of_a_guest(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRESHARK_DATA_DIR", "/nowhere")
    stub('{ id -u; id -G; pwd; ls; env; cat "$WIRESHARK_CONFIG_DIR/ikev2_decryption_table"; } >&2; exit 1')
    with pytest.raises(LabError) as caught:
        dissect([SENT], Keys(ike=("row",)))
    said = str(caught.value).partition(": ")[2].split("\\n")
    owner = Owner.current()
    assert said[:2] == [str(owner.uid), str(owner.gid)] or os.geteuid() != 0
    directory = said[2]
    assert f"HOME={directory}" in said
    assert f"WIRESHARK_CONFIG_DIR={directory}" in said
    assert not [word for word in said if word.startswith("WIRESHARK_DATA_DIR")]
    assert said[-1] == "row"
    assert not Path(directory).exists()


def test_a_profile_decrypts_esp_and_goes_away() -> None:
    with profile(KEYS) as directory:
        assert "esp.enable_encryption_decode: TRUE\n" in (directory / "preferences").read_text()
        assert (directory / "ikev2_decryption_table").read_text() == f"{CbcKeys().row()}\n"
        assert (directory / "esp_sa").read_text() == '"IPv4"\n'
        assert directory.stat().st_mode & 0o077 == 0
    assert not directory.exists()


def test_tools_are_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "wireshark"
    tool.write_text("")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_tool("wireshark") == str(tool)

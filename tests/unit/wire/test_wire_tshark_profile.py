from __future__ import annotations

import os
import subprocess
import tempfile
from typing import TYPE_CHECKING

from parley.wire.keys import Keys
from parley.wire.tshark import profile

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_profile_is_gone_when_it_is_no_longer_used() -> None:
    with profile(Keys()) as directory:
        assert (directory / "preferences").exists()
    assert not directory.exists()


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f"parley-wireshark-{dead.pid}-x").mkdir()
    (tmp_path / f"parley-wireshark-{os.getpid()}-in-use").mkdir()
    (tmp_path / "parley-wireshark-notes").mkdir()
    with profile(Keys()):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"parley-wireshark-{os.getpid()}-in-use",
        "parley-wireshark-notes",
    ]

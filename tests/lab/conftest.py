from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from parley.image.ensure import Ready, ensure_all
from parley.image.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def ready() -> Ready:
    """The kernel and the images of all three implementations, made if they are not there."""
    return ensure_all(Store.default(), ("libreswan", "openiked", "strongswan"))


@pytest.fixture
def parley(tmp_path: Path, ready: Ready) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command in an empty directory, as a user would."""
    assert ready.images
    # Guests run as nobody when the tests run as root, and pytest's directories are for root only.
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == tmp_path.stat().st_uid and directory.name:
            directory.chmod(directory.stat().st_mode | 0o011)

    def run(*words: str, timeout: float = 200) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "parley", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run

from __future__ import annotations

import subprocess
import sys

import pytest

from console_blocks import ROOT

GENERATORS = sorted((ROOT / "docs").glob("generate_*.py"))


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda path: path.stem)
def test_generated_pages_are_current(generator: object) -> None:
    run = subprocess.run(
        [sys.executable, str(generator), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr

"""The shell asks the command what could come next; docs/how-to/completion.md says how."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}


def complete(line: str) -> list[str]:
    """What bash would offer behind `line`, asked as its user's shell does: by the sourced function."""
    script = """
eval "$(_PARLEY_COMPLETE=bash_source parley)"
read -r -a COMP_WORDS <<<"$1"
[[ $1 == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_parley_completion parley
printf '%s\\n' "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        ["bash", "-c", script, "bash", line], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("parley ma", ["matrix"]),
        ("parley image b", ["build"]),
        ("parley run interop-ikev2-str", ["interop-ikev2-strongswan-01"]),
        ("parley list interop-ikev2-str", ["interop-ikev2-strongswan-01"]),
        ("parley run --suite /nowhere a", []),
        ("parley matrix pool-ipv", ["pool-ipv4", "pool-ipv6"]),
        ("parley capture --run /nowhere psk", []),
        ("parley run --resu", ["--resume"]),
        ("parley run --clock ", ["auto", "real", "virtual"]),
        ("parley run --no-such", []),
    ],
)
def test_bash_offers_what_could_come_next(line: str, offered: list[str]) -> None:
    assert complete(line) == offered


def test_every_command_is_offered() -> None:
    assert {"run", "matrix", "report", "capture", "doctor", "clean"} <= set(complete("parley "))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_is_given_is_in_its_language(shell: str) -> None:
    given = subprocess.run(
        ["parley"],
        env={**ENVIRONMENT, "_PARLEY_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"{shell}_complete" in given
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=given, text=True, check=True)

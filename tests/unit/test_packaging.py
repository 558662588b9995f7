"""What a stranger gets: sources from which a wheel is built, and a wheel that works without the sources."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
# Directory of the checkout -> where the wheel has it.
SHIPPED = {"src/parley": "parley", "suites": "parley/_suites", "scenarios": "parley/_scenarios"}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(directory: Path) -> set[str]:
    return {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def python_files(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.endswith(".py")}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    directory = tmp_path_factory.mktemp("sources")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", directory, cwd=ROOT)
    (archive,) = directory.glob("parley_ike-*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of nothing but the source distribution."""
    directory = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory, cwd=sources)
    (path,) = directory.glob("parley_ike-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which pip installed the wheel, and nothing it depends on."""
    directory = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", "--no-compile", "--target", directory, wheel, cwd=directory)
    return directory


def test_sources_are_whole(sources: Path) -> None:
    for directory in ("suites", "scenarios", "benchmarks", "tools"):
        assert files(sources / directory) == files(ROOT / directory)
    for name in ("LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile"):
        assert (sources / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_wheel_holds_what_the_checkout_does(wheel: Path, sources: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for directory, place in SHIPPED.items():
        assert {f"{place}/{name}" for name in files(sources / directory)} <= names
    assert {name.partition("/")[0] for name in python_files(names)} == {"parley"}


@pytest.mark.parametrize(
    "name",
    [
        "py.typed",
        "_scenarios/psk.toml",
        "_suites/guestbin/iked-start.sh",
        "_suites/interop/TESTLIST",
        "image/lab_kernel/seed.patch",
        "image/lab_kernel/virtual-time.patch",
        "image/lab_kernel/wanted.config",
        "platform/guest/agent.sh",
        "report/html/assets/report.js",
    ],
)
def test_what_is_no_python_is_installed(installed: Path, name: str) -> None:
    assert (installed / "parley" / name).is_file()


def test_scripts_stay_executable(installed: Path, sources: Path) -> None:
    for directory, place in SHIPPED.items():
        for name in files(sources / directory):
            wanted = os.access(sources / directory / name, os.X_OK)
            assert os.access(installed / place / name, os.X_OK) == wanted, name


def test_metadata_tells_licence_types_and_home(installed: Path) -> None:
    (information,) = installed.glob("parley_ike-*.dist-info")
    metadata = message_from_string((information / "METADATA").read_text())
    assert metadata["License-Expression"] == "GPL-2.0-or-later"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    licence = (information / "licenses" / "LICENSE").read_text()
    assert "GNU GENERAL PUBLIC LICENSE" in licence
    assert "Version 2, June 1991" in licence


def test_the_man_page_lies_where_man_looks(installed: Path) -> None:
    page = installed / "share" / "man" / "man1" / "parley.1"
    assert page.read_text() == (ROOT / "docs" / "man" / "parley.1").read_text()


@pytest.mark.parametrize("command", [("list",), ("matrix", "--list")], ids=" ".join)
def test_the_installed_command_knows_what_the_checkout_knows(
    installed: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    parley = (sys.executable, "-P", "-m", "parley")
    known = run(*parley, *command, cwd=tmp_path)
    assert known
    assert run(*parley, *command, cwd=tmp_path, PYTHONPATH=str(installed)) == known


def test_the_installed_command_reads_its_own_files(installed: Path, tmp_path: Path) -> None:
    found = run(
        sys.executable,
        "-P",
        "-c",
        "from parley.scenario.suite import default_scenarios; print(default_scenarios())",
        cwd=tmp_path,
        PYTHONPATH=str(installed),
    )
    assert Path(found.strip()) == installed / "parley" / "_scenarios"

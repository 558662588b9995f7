from __future__ import annotations

from pathlib import Path

import pytest

from parley.errors import ImageError
from parley.image import apt as module
from parley.image.apt import ACCEPT_EXPIRED, Apt, expiry, mirror
from parley.image.command import CommandError

EXPIRED = (
    "E: Release file for http://deb.debian.org/debian/dists/sid/InRelease is expired "
    "(invalid since 18d 2h 57min 30s). Updates for this repository will not be applied."
)


class Programs:
    """Stands for the programs that Apt runs: remembers calls, fails `update` with `failures` in turn."""

    def __init__(self, *failures: str) -> None:
        self.failures = list(failures)
        self.calls: list[list[str]] = []
        self.configurations: list[str] = []

    def __call__(
        self, *command: str | Path, what: str, cwd: Path | None = None, log: Path | None = None
    ) -> str:
        del log
        words = [str(word) for word in command]
        self.calls.append(words)
        if "apt-config" in words:
            return "value='http://proxy:3142'" if words[-1] == "Acquire::http::Proxy" else ""
        if "update" in words:
            configuration = next(word for word in words if word.startswith("APT_CONFIG="))
            self.configurations.append(Path(configuration.partition("=")[2]).read_text())
            if self.failures:
                raise CommandError(what, self.failures.pop(0))
        if "download" in words and cwd is not None:
            (cwd / "libc6_2.43-7_amd64.deb").touch()
            (cwd / "libc6-dev_2.43-7_amd64.deb").touch()
        return "2.43-7\n" if "dpkg-deb" in words else ""


def make_apt(directory: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> Apt:
    monkeypatch.setattr(module, "run", programs)
    return Apt(directory, "sid", log=directory / "log", progress=lines.append)


def test_a_good_mirror_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Programs()
    apt = make_apt(tmp_path, programs, monkeypatch, [])
    apt.update()
    assert apt.notes == []
    (configuration,) = programs.configurations
    assert "Check-Valid-Until" not in configuration
    assert 'Acquire::http::Proxy "http://proxy:3142";' in configuration


def test_an_expired_mirror_is_used_with_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Programs(EXPIRED)
    lines: list[str] = []
    apt = make_apt(tmp_path, programs, monkeypatch, lines)
    apt.update()
    assert [ACCEPT_EXPIRED in text for text in programs.configurations] == [False, True]
    (note,) = apt.notes
    assert note.endswith("/sid/InRelease is expired, invalid since 18d; its signature is good")
    assert lines.count(f"warning: {note}") == 1


@pytest.mark.parametrize(
    "output",
    [
        "E: The repository 'http://x sid InRelease' is not signed.",
        "W: GPG error: http://x sid InRelease: The following signatures were invalid: BADSIG 0123",
        "E: Failed to fetch http://x/InRelease  Could not connect",
        "E: Release file for http://x/InRelease is not valid yet (invalid for another 3h).",
    ],
)
def test_no_other_complaint_turns_a_check_off(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Programs(output)
    apt = make_apt(tmp_path, programs, monkeypatch, [])
    with pytest.raises(CommandError):
        apt.update()
    assert len(programs.configurations) == 1
    assert apt.notes == []


def test_expiry_is_recognised_without_its_age() -> None:
    error = CommandError("x", "E: Release file for http://x/InRelease is expired")
    assert expiry(error).startswith("the mirror is out of date: http://x/InRelease is expired;")


def test_nothing_of_the_machines_configuration_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_apt(tmp_path, Programs(), monkeypatch, [])
    text = (tmp_path / "apt.conf").read_text()
    for name in ("main", "parts", "sourceparts", "preferences", "preferencesparts"):
        assert f'Dir::Etc::{name} "/dev/null";' in text
    source = (tmp_path / "sources.list").read_text()
    assert source.startswith(f"deb [signed-by={module.KEYRING}] ")


def test_a_package_is_found_by_its_whole_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = make_apt(tmp_path, Programs(), monkeypatch, [])
    (deb,) = apt.download("libc6")
    assert (deb.name, deb.version, deb.path.name) == ("libc6", "2.43-7", "libc6_2.43-7_amd64.deb")
    with pytest.raises(ImageError, match="0 packages called other"):
        apt.download("other")


def test_the_mirror_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_MIRROR", raising=False)
    assert mirror() == "http://deb.debian.org/debian"
    monkeypatch.setenv("PARLEY_MIRROR", "https://mirror.example/debian/")
    assert mirror() == "https://mirror.example/debian"

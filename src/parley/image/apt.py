"""A private apt: Debian's packages, signatures checked, without touching the machine's own sources.

It works for any user and reads no configuration of the machine's but its proxy (apt.conf(5)).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from parley.errors import ImageError
from parley.image.command import DIE_WITH_PARENT, CommandError, run, works

if TYPE_CHECKING:
    from parley.image.store import Progress

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
DEFAULT_MIRROR = "http://deb.debian.org/debian"

# Accepts a release file past its Valid-Until; its signature is verified all the same.
ACCEPT_EXPIRED = 'Acquire::Check-Valid-Until "false";'

# Parley's guests are amd64, whatever else the machine has enabled.
ARCHITECTURE = "amd64"

_EXPIRED = re.compile(r"Release file for (\S+) is expired(?: \(invalid since ([^)]*)\))?")

_CONFIGURATION = """\
Dir::State "{root}/state";
Dir::State::status "{root}/state/status";
Dir::Cache "{root}/cache";
Dir::Etc::sourcelist "{root}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "";
APT::Get::Assume-Yes "true";
{proxy}
{extra}
"""


def mirror() -> str:
    """The Debian mirror: $PARLEY_MIRROR or deb.debian.org."""
    return os.environ.get("PARLEY_MIRROR", DEFAULT_MIRROR).rstrip("/")


def expiry(error: CommandError) -> str:
    """What to note about a release file that is expired; empty if that is not what `error` says."""
    match = _EXPIRED.search(error.output)
    if match is None:
        return ""
    # To the day: builds that run side by side say the same.
    since = f", invalid since {match[2].partition(' ')[0]}" if match[2] else ""
    return f"the mirror is out of date: {match[1]} is expired{since}; its signature is good"


def proxy_configuration() -> str:
    """The machine's apt proxy, if it has one, as lines of apt.conf."""
    keys = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::http::Proxy-Auto-Detect")
    lines = []
    for key in keys:
        value = run("apt-config", "shell", "value", key, what="reading apt's proxy")
        if value:
            lines.append(f'{key} "{value.partition("=")[2].strip(chr(39))}";')
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Deb:
    """A downloaded package."""

    name: str
    version: str
    path: Path


class Apt:
    """An apt of its own in `directory`, for one suite (a code name such as trixie, or sid)."""

    def __init__(self, directory: Path, suite: str, *, log: Path, progress: Progress) -> None:
        self.directory = directory
        self.suite = suite
        self.notes: list[str] = []
        self._log = log
        self._progress = progress
        self._configuration = directory / "apt.conf"
        for name in ("state/lists/partial", "cache/archives/partial", "debs"):
            (directory / name).mkdir(parents=True)
        (directory / "state/status").touch()
        source = f"deb [signed-by={KEYRING}] {mirror()} {suite} main\n"
        (directory / "sources.list").write_text(source, encoding="utf-8")
        self._proxy = proxy_configuration()
        self._configure(extra="")

    def update(self) -> None:
        """Fetch the package lists. Raises ImageError if the mirror has no such suite or cannot be reached."""
        self._progress(f"{self.suite}: fetching package lists")
        try:
            self._apt(
                "update", "--error-on=any", what=f"fetching package lists of {self.suite} from {mirror()}"
            )
        except CommandError as error:
            note = expiry(error)
            if not note:
                raise
            self._progress(f"warning: {note}")
            self.notes.append(note)
            self._configure(extra=ACCEPT_EXPIRED)
            self._apt(
                "update", "--error-on=any", what=f"fetching package lists of {self.suite} from {mirror()}"
            )

    def download(self, *names: str) -> list[Deb]:
        """Fetch packages, without what they depend on. Raises ImageError if there is no such package."""
        self._progress(f"{self.suite}: downloading {', '.join(names)}")
        self._apt("download", *names, what=f"downloading packages of {self.suite}")
        return [self._deb(name) for name in names]

    def _configure(self, *, extra: str) -> None:
        text = _CONFIGURATION.format(
            root=self.directory, architecture=ARCHITECTURE, proxy=self._proxy, extra=extra
        )
        self._configuration.write_text(text, encoding="utf-8")

    def _apt(self, *arguments: str, what: str) -> None:
        command = (*DIE_WITH_PARENT, "env", f"APT_CONFIG={self._configuration}", "apt-get", "-q", *arguments)
        run(*command, what=what, cwd=self.directory / "debs", log=self._log)

    def _deb(self, name: str) -> Deb:
        found = sorted((self.directory / "debs").glob(f"{name}_*.deb"))
        if len(found) != 1:
            raise ImageError(f"apt downloaded {len(found)} packages called {name}, expected one")
        version = run("dpkg-deb", "--field", found[0], "Version", what=f"reading {found[0].name}")
        return Deb(name, version.strip(), found[0])


def unpack(deb: Deb, directory: Path) -> None:
    """Unpack a package's files into `directory` without installing it."""
    run("dpkg-deb", "--extract", deb.path, directory, what=f"unpacking {deb.path.name}")


def available() -> bool:
    """Whether this machine has apt at all."""
    return works("apt-get", "--version")

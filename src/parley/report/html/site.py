"""Writes pages: only those that changed, each whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from parley import __version__
from parley.escape import visible
from parley.report.html.artifacts import file_list
from parley.report.html.checks import check_rows
from parley.report.html.ladder import rung_rows
from parley.report.html.links import href, up_from
from parley.report.html.steps import step_rows
from parley.report.marks import VERDICTS
from parley.verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from parley.record.results import CaseResult

_STATUS: Final = ".status.json"
# So much of a page holds its digest for certain (bytes).
_HEAD: Final = 256
_LINK: Final = re.compile(r"(https?://[\w./?=&%#~+:-]*[\w/])", re.ASCII)
_HERE: Final = resources.files(__package__)
ASSETS: Final = ("style.css", "report.js")


class Site:
    """One report's directory.

    A page of a case holds a digest of what it was made from; one that holds the right one is not made again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._code = _code_digest()
        self._before = self._read_status()
        self._now: set[str] = set()
        self._templates = _environment()
        self._assets = {name: _hashed(name) for name in ASSETS}
        self._made: set[Path] = set()

    def digest_of(self, *shown: object) -> str:
        """A name for what a page is made from, and for the code that makes it."""
        return hashlib.sha256(f"{self._code}{shown!r}".encode(errors="surrogatepass")).hexdigest()

    def is_current(self, page: str, digest: str) -> bool:
        """Whether `page` need not be made again; if so it counts as part of the report."""
        try:
            with (self.root / page).open("rb") as file:
                is_current = digest.encode() in file.read(_HEAD)
        except OSError:
            return False
        if is_current:
            self._now.add(page)
        return is_current

    def fragment(self, template: str, **data: Any) -> Markup:
        """Part of a page that many share, as mark-up to hand to `render`."""
        return Markup(self._templates.get_template(template).render(**data))  # noqa: S704 -- escaped by its template

    def render(self, page: str, template: str, *, digest: str = "", **data: Any) -> None:
        """Make `page` from `template`."""
        up = up_from(page)
        assets = {name: f"{up}assets/{hashed}" for name, hashed in self._assets.items()}
        text = self._templates.get_template(template).render(up=up, assets=assets, digest=digest, **data)
        self.write(page, text)

    @property
    def pages(self) -> frozenset[str]:
        """The pages of this report so far."""
        return frozenset(self._now)

    def adopt(self, pages: frozenset[str]) -> None:
        """Count pages that another process wrote as part of this report."""
        self._now |= pages

    def write(self, page: str, text: str) -> None:
        """Write `text` as `page`, unless the file holds just that already."""
        path = self.root / page
        self._now.add(page)
        data = text.encode()
        if page in self._before and _holds(path, data):
            return
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        _write_whole(path, data)

    def finish(self) -> None:
        """Write what all pages share, forget pages of earlier reports, and remember this one's."""
        for name, hashed in self._assets.items():
            self.write(f"assets/{hashed}", _asset(name))
        for stale in self._before - self._now:
            if ".." not in stale.split("/") and not stale.startswith("/"):
                (self.root / stale).unlink(missing_ok=True)
        status = {"pages": sorted(self._now)}
        _write_whole(self.root / _STATUS, json.dumps(status, indent=1).encode())

    def _read_status(self) -> frozenset[str]:
        try:
            status = json.loads((self.root / _STATUS).read_text(encoding="utf-8"))
            return frozenset(map(str, status["pages"]))
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()


def _write_whole(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(str(_HERE / "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_shown,
    )
    environment.filters["href"] = href
    environment.globals |= {
        "check_rows": check_rows,
        "file_list": file_list,
        "rung_rows": rung_rows,
        "step_rows": step_rows,
    }
    environment.filters["fragment"] = _fragment
    environment.filters["moment"] = _moment
    environment.filters["reason"] = _reason
    environment.globals["marks"] = VERDICTS
    return environment


def _shown(value: object) -> object:
    """Every text that a template shows passes here, so that none can be forgotten."""
    return visible(value, keep="\n\t") if type(value) is str else value


def _fragment(text: str) -> str:
    return quote(text, safe="")


def _reason(result: CaseResult) -> object:
    """A result's reason; links in it work where it names an issue, which a suite wrote and no guest."""
    if result.verdict not in {Verdict.KNOWN, Verdict.FIXED}:
        return result.reason
    parts = _LINK.split(visible(result.reason))
    link = Markup('<a href="{0}" rel="noreferrer">{0}</a>')
    return Markup().join(link.format(part) if number % 2 else part for number, part in enumerate(parts))


def _moment(text: str) -> str:
    """An ISO 8601 time as people read it; anything else as it is."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{time:%Y-%m-%d %H:%M:%S} {time.tzname() or ''}".rstrip()


def _asset(name: str) -> str:
    return (_HERE / "assets" / name).read_text(encoding="utf-8")


def _hashed(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(_asset(name).encode()).hexdigest()[:8]}.{suffix}"


def _code_digest() -> str:
    """Changes whenever a page could look different for the same input."""
    digest = hashlib.sha256(__version__.encode())
    for folder in ("templates", "assets", "."):
        for file in sorted((_HERE / folder).iterdir(), key=lambda entry: entry.name):
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()

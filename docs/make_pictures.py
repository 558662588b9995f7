"""Makes docs/pictures from real runs: `parley matrix psk` on a terminal, and the matrix of some scenarios.

usage: make_pictures.py [WORKING-DIRECTORY]   needs images, Debian's chromium and playwright
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.ansi import AnsiDecoder
from rich.console import Console

PICTURES = Path(__file__).parent / "pictures"
_COLUMNS = 84
_LINES = 13
# Quick to run, and between them they have most verdicts.
_SCENARIOS = ("psk", "cert-ed25519", "chacha20", "cookie", "eap-tls", "rekey-ike-both")
_LIMIT = 160_000  # bytes of a picture
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_CONTROL = re.compile(r"\x1b\[(?:\?25[hl]|(?P<number>\d*)(?P<letter>[AK]))")


def main() -> None:
    """Run matrices where they may leave their files, and draw what came of them."""
    work = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    typed = "matrix psk"
    printed = _run(work, typed)
    _run(work, f"matrix {' '.join(_SCENARIOS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_QUIET)
        page = browser.new_page(viewport={"width": 1240, "height": 716}, device_scale_factor=1)
        _shoot(page, _draw(typed, printed, work), "terminal.png", element="svg")
        _shoot(page, work / "parley-runs/latest/report/matrix.html", "matrix.png")
        browser.close()


def _run(work: Path, words: str) -> str:
    """What `parley WORDS` prints on a terminal."""
    command = Path(sys.executable).with_name("parley")
    typed = f"stty cols {_COLUMNS} rows 50; {shlex.quote(str(command))} {words}"
    # script(1) makes a terminal, without which a run prints for a log.
    run = subprocess.run(
        ["script", "--quiet", "--return", "--command", typed, "/dev/null"],
        cwd=work,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.exit(run.stdout[-2000:])
    return run.stdout


def _draw(typed: str, output: str, work: Path) -> Path:
    """The terminal's last screen as an SVG file."""
    console = Console(width=_COLUMNS, record=True, file=StringIO(), force_terminal=True)
    console.print(f"[bold]$[/] parley {typed}")
    # The table at the end; what scrolled by before it says the same.
    for line in AnsiDecoder().decode("\n".join(_screen(output)[-_LINES:])):
        console.print(line)
    path = work / "terminal.html"
    drawing = re.sub(r"@font-face \{.*?\}", "", console.export_svg(title="parley"), flags=re.DOTALL)
    path.write_text(f"<style>svg {{ width: 820px }}</style>{drawing}", encoding="utf-8")
    return path


def _screen(output: str) -> list[str]:
    """What is left on the screen: progress went up by `ESC [ A` and was wiped by `ESC [ 2 K`."""
    lines = [""]
    for piece in re.split(r"(\n|\r|\x1b\[(?:\?25[hl]|\d*[AK]))", output):
        control = _CONTROL.fullmatch(piece)
        if piece == "\n":
            lines.append("")
        elif control is None and piece != "\r":
            lines[-1] += piece
        elif control is not None and control["letter"] == "K":
            lines[-1] = ""
        elif control is not None and control["letter"] == "A":
            del lines[len(lines) - int(control["number"] or 1) :]
    return lines


def _shoot(page: Page, path: Path, name: str, *, element: str = "") -> None:
    page.goto(path.resolve().as_uri())
    target = PICTURES / name
    if element:
        page.locator(element).screenshot(path=target)
    else:
        page.screenshot(path=target)
    size = target.stat().st_size
    print(f"{target}: {size} bytes")
    if size > _LIMIT:
        sys.exit(f"{target} is larger than {_LIMIT} bytes")


if __name__ == "__main__":
    main()

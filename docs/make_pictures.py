"""Makes docs/pictures from a real run: `parley run` on a terminal, and the HTML report it wrote.

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
_LINES = 16
_LIMIT = 150_000  # bytes of a picture
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_CONTROL = re.compile(r"\x1b\[(?:\?25[hl]|(?P<number>\d*)(?P<letter>[AK]))")


def main() -> None:
    """Run the suite where it may leave its files, and draw what came of it."""
    work = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    command = Path(sys.executable).with_name("parley")
    typed = f"stty cols {_COLUMNS} rows 50; {shlex.quote(str(command))} run"
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
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_QUIET)
        page = browser.new_page(viewport={"width": 1120, "height": 640}, device_scale_factor=1)
        _shoot(page, _draw(run.stdout, work), "terminal.png", element="svg")
        _shoot(page, work / "parley-runs/latest/report/index.html", "report.png")
        browser.close()


def _draw(output: str, work: Path) -> Path:
    """The terminal's last screen as an SVG file."""
    console = Console(width=_COLUMNS, record=True, file=StringIO(), force_terminal=True)
    console.print("[bold]$[/] parley run")
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
        # The table, under the bar that stays; what machine it was is nobody's business.
        page.evaluate("document.querySelector('#cases').scrollIntoView(); scrollBy(0, 16)")
        page.screenshot(path=target)
    size = target.stat().st_size
    print(f"{target}: {size} bytes")
    if size > _LIMIT:
        sys.exit(f"{target} is larger than {_LIMIT} bytes")


if __name__ == "__main__":
    main()

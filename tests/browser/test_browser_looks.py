"""What can be measured of looks: contrast, width, and that nothing is lost without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser_pages import opened

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PAGES = (
    "index.html",
    "matrix.html",
    "matrix.html#s=rekey-ike",
    "cases/ikev2-psk-rekey.html",
    "cases/ikev2-dpd.html",
    "cases/ikev2-mtu-large.html",
)

# Contrast of each visible text with what is painted behind it (WCAG 2.2, success criterion 1.4.3).
CONTRAST = """
() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const painted = (style) => {
    const color = parse(style.backgroundColor);
    return color.length < 4 || color[3] > 0 ? color : null;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      for (const pseudo of at.classList.contains("m") ? ["::after", "::before"] : []) {
        const style = getComputedStyle(at, pseudo);
        const color = style.content !== "none" && painted(style);
        if (color) return color;
      }
      const color = painted(getComputedStyle(at));
      if (color) return color;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join("");
    if (!text || !element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    const name = element.className || element.tagName;
    if (ratio < (large ? 3 : 4.5)) bad.push(`${name} ${text}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(bad)];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(chromium: Browser, site: Path, scheme: str) -> None:
    with opened(chromium, site, color_scheme=scheme) as visit:
        for name in PAGES:
            assert visit(name).evaluate(CONTRAST) == [], name


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_its_window(chromium: Browser, site: Path, width: int) -> None:
    with opened(chromium, site, viewport={"width": width, "height": 800}) as visit:
        for name in PAGES:
            page = visit(name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize("width", [390, 1280])
def test_the_legend_stays_in_sight(chromium: Browser, site: Path, width: int) -> None:
    with opened(chromium, site, viewport={"width": width, "height": 800}) as visit:
        for name in PAGES:
            page = visit(name)
            page.evaluate("scrollTo(0, document.body.scrollHeight)")
            legend = page.locator(".legend").bounding_box()
            assert legend is not None
            assert legend["y"] >= 0, name
            assert legend["y"] + legend["height"] < 300, name
            assert page.locator(".legend .m.failed").is_visible()


def test_without_scripts_nothing_is_hidden(chromium: Browser, site: Path) -> None:
    with opened(chromium, site, java_script_enabled=False) as visit:
        page = visit("index.html")
        assert page.locator("#cases tbody tr").count() == 99
        assert page.locator("#cases tbody tr").last.is_visible()
        assert not page.locator("#filter").is_visible()
        page = visit("matrix.html")
        assert page.locator(".chip").count() == 90
        assert page.locator(".chip").last.is_visible()
        page = visit("cases/ikev2-psk-rekey.html")
        assert page.locator(".sides .d").count() == 2

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser_pages import Opened

pytestmark = pytest.mark.browser

ROWS = "#cases tbody tr:not([hidden])"


def _cases(page: Page) -> list[str]:
    return page.locator(f"{ROWS} a").all_inner_texts()


def test_words_and_keys_narrow_the_table(visit: Opened) -> None:
    page = visit("index.html")
    assert page.locator(ROWS).count() == 99
    for query, expected in {
        "mtu": ["ikev2-mtu-large"],
        "was:passed now:failed": ["ikev2-mtu-large", "rekey-ike.openiked.strongswan"],
        "verdict:lab-error -scenario:psk-transport": ["ikev2-cert"],
        '"kernel panic"': ["ikev2-cert"],
        "initiator:openiked responder:strongswan scenario:dpd": ["dpd.openiked.strongswan"],
        "no such thing": [],
    }.items():
        page.fill("#filter", query)
        assert _cases(page) == expected, query
    assert page.locator(".nothing").is_visible()
    page.click("[data-reset]")
    assert page.locator(ROWS).count() == 99


def test_the_address_brings_back_what_was_shown(visit: Opened) -> None:
    page = visit("index.html")
    page.fill("#filter", "ikev2")
    page.click('[data-verdict="differs"]')
    page.click('[data-verdict="flaky"]')
    page.click('th[data-sort="case"] button')
    page.click('th[data-sort="case"] button')
    shown = _cases(page)
    assert shown == ["ikev2-psk-rekey", "ikev2-dpd"]
    address = page.url
    page = visit(address.rsplit("/", 1)[1])
    assert _cases(page) == shown
    assert page.input_value("#filter") == "ikev2"
    assert page.get_attribute('[data-verdict="flaky"]', "aria-pressed") == "true"
    assert page.inner_text("#shown") == "2 of 99 cases"


def test_columns_sort_up_down_and_back(visit: Opened) -> None:
    page = visit("index.html")
    asked = _cases(page)
    head = page.locator('th[data-sort="seconds"]')
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert _cases(page)[0] == "ikev2-eap"
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert _cases(page)[-2:] == ["ikev2-eap", "wrong-psk.libreswan.strongswan"]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") is None
    assert _cases(page) == asked


def test_the_order_is_remembered_for_the_next_report(visit: Opened) -> None:
    page = visit("index.html")
    page.click('th[data-sort="case"] button')
    assert visit("index.html").get_attribute('th[data-sort="case"]', "aria-sort") == "ascending"


def test_everything_can_be_done_with_keys(visit: Opened) -> None:
    page = visit("index.html")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.keyboard.press("/")
    page.keyboard.type("ikev2")
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    assert _cases(page) == ["ikev2-mtu-large"]
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ikev2-mtu-large.html")
    page.keyboard.press("p")
    page.wait_for_url("**/ikev2-psk-rekey.html")
    page.keyboard.press("m")
    page.wait_for_url("**/matrix.html")
    page.keyboard.press("u")
    page.wait_for_url("**/index.html")


def test_a_case_page_walks_differences_and_copies_its_command(visit: Opened) -> None:
    page = visit("cases/ikev2-psk-rekey.html")
    for number in ("10", "15"):
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.cells[2].textContent") == number
    page.keyboard.press("c")
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "parley run ikev2-psk-rekey"

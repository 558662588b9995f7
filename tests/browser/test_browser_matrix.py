from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser_pages import Opened

pytestmark = pytest.mark.browser

CHIPS = ".chip:not([hidden])"


def _titles(page: Page) -> list[str]:
    return [
        str(title) for title in page.eval_on_selector_all(CHIPS, "chips => chips.map(chip => chip.title)")
    ]


def test_a_picked_scenario_leaves_one_mark_a_cell_with_its_reason(visit: Opened) -> None:
    page = visit("matrix.html")
    assert page.locator(CHIPS).count() == 90
    page.select_option("#scenario", "rekey-ike")
    assert page.locator(CHIPS).count() == 9
    cell = page.locator("#matrix tbody tr").nth(1).locator("td").nth(2)
    assert "failed, no traffic after the rekey" in cell.inner_text()
    assert page.url.endswith("#s=rekey-ike")
    page = visit("matrix.html#s=rekey-ike")
    assert page.locator(CHIPS).count() == 9
    page.keyboard.press(".")
    assert page.input_value("#scenario") == "rekey-child"
    page.keyboard.press("0")
    assert page.locator(CHIPS).count() == 90
    assert page.locator(".why").count() == 0


def test_filters_ask_for_pairs_patterns_and_changes(visit: Opened) -> None:
    page = visit("matrix.html")
    for query, expected in {
        "is:new-failure": ["rekey-ike: failed, no traffic after the rekey"],
        "is:asymmetric initiator:libreswan": ["rekey-child: differs, west: 1 line is not the reference"],
        "verdict:flaky": ["dpd: flaky, failed, then passed on the retry"],
        "agent lost": ["psk-transport: lab-error, east: agent lost"],
    }.items():
        page.fill("#filter", query)
        assert _titles(page) == expected, query
    page.fill("#filter", "impl:openiked")
    assert page.locator(CHIPS).count() == 50


def test_arrows_walk_from_cell_to_cell_and_say_what_is_there(visit: Opened) -> None:
    page = visit("matrix.html#s=rekey-ike")
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.inner_text("#detail") == (
        "openiked to strongswan, rekey-ike: failed, no traffic after the rekey"
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/rekey-ike.openiked.strongswan.html")


def test_links_lead_into_the_filtered_table(visit: Opened) -> None:
    page = visit("matrix.html")
    page.click("#scenarios a >> text=mobike")
    page.wait_for_url("**/index.html#q=scenario%3Amobike")
    assert page.locator("#cases tbody tr:not([hidden])").count() == 9


def test_a_picked_rfc_leaves_the_scenarios_about_it(visit: Opened) -> None:
    page = visit("matrix.html")
    page.select_option("#rfc", "rfc:7296/2.8")
    assert page.locator(CHIPS).count() == 18
    assert page.url.endswith("#r=rfc%3A7296%2F2.8")
    page.select_option("#rfc", "rfc:7296/2.18")
    assert page.locator(CHIPS).count() == 9
    page = visit("matrix.html#r=rfc%3A9370")
    assert page.input_value("#rfc") == "rfc:9370"
    assert page.locator(CHIPS).count() == 9
    page.keyboard.press("0")
    assert page.locator(CHIPS).count() == 90
    page.fill("#filter", "rfc:7296")
    assert page.locator(CHIPS).count() == 18
    page = visit("matrix.html#r=rfc%3A1")
    assert page.locator(CHIPS).count() == 90

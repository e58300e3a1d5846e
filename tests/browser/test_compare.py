"""Comparing in a real browser: charts are drawn, a click goes where it should, choices live in the link."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Dashboard, settled, shoot
from tests.ui.fixtures import finished_run, questions

NAMES = ("majority", "tfidf-linear", "minilm-full", "minilm-lora", "smollm2-few-shot")


@pytest.fixture(scope="module")
def filled(dashboard: Dashboard) -> Dashboard:
    dataset = questions(dashboard.home, test=150)
    for name in NAMES:
        finished_run(dashboard.home, dataset, name)
    return dashboard


def test_from_the_tradeoff_to_the_texts_that_differ(page: Page, filled: Dashboard) -> None:
    page.goto(f"{filled.url}/tradeoff?dataset=questions&against=kwh_per_1k")
    settled(page)
    page.locator(".js-plotly-plot .scatterlayer").first.wait_for()
    page.get_by_text("On the front in 95 of 100 draws").wait_for()
    shoot(page, "tradeoff-front")
    page.get_by_role("link", name="Compare side by side").click()
    page.wait_for_url(re.compile("/compare"))
    settled(page)
    page.locator(".js-plotly-plot .errorbars").first.wait_for()
    shoot(page, "compare-labels")
    page.get_by_role("radio", name="Texts they answer differently").click()
    settled(page)
    page.get_by_text("What about").first.wait_for()
    assert "part=texts" in page.url
    shoot(page, "compare-texts")
    page.reload()
    settled(page)
    page.get_by_text("What about").first.wait_for()


def test_many_side_by_side_fit_a_small_window(browser: Browser, filled: Dashboard) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 1000}, color_scheme="dark")
    page = context.new_page()
    chosen = "&".join(f"compare={name}" for name in NAMES)
    page.goto(f"{filled.url}/compare?dataset=questions&{chosen}")
    settled(page)
    page.locator(".js-plotly-plot .errorbars").first.wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    shoot(page, "compare-800-dark")
    context.close()

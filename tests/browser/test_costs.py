"""A manager's look at the costs: the answer at once, a slider that moves every figure, the same on the next page."""

import re

from playwright.sync_api import Page

from tests.browser.conftest import Dashboard, settled, shoot
from tests.ui.fixtures import finished_run, questions


def sentence(page: Page) -> str:
    return page.locator("[data-testid=stHeading] h3").first.inner_text()


def test_costs_at_a_glance_and_what_if(page: Page, dashboard: Dashboard) -> None:
    made = questions(dashboard.home, "tickets", test=60)
    for name in ("majority", "tfidf-linear", "minilm-full", "smollm2-few-shot"):
        finished_run(dashboard.home, made, name)
    page.goto(f"{dashboard.url}/costs?dataset=tickets")
    settled(page)
    page.locator(".js-plotly-plot").nth(4).wait_for()
    before = sentence(page)
    assert re.match(r"At 100,000 texts a month the recommended minilm-full costs \$[\d.]+; all runs so far", before)
    page.get_by_text("Break-even, rented all month").wait_for()
    shoot(page, "costs-1")

    thumb = page.locator("[data-testid=stSlider]", has_text="Texts a month").get_by_role("slider")
    thumb.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("volume=1000000"))
    settled(page)
    assert sentence(page).startswith("At 1.0 million texts a month")

    page.get_by_role("button", name=re.compile("What if")).click()
    rent = page.locator("[data-testid=stSlider]", has_text="Device is rented").get_by_role("slider")
    rent.focus()
    page.keyboard.press("End")
    page.wait_for_url(re.compile("hours_on=730"))
    settled(page)
    assert rent.is_visible(), "the panel stays open while one tries values"
    page.keyboard.press("Escape")
    page.get_by_text("Figures assume: devices rented all month").wait_for()
    settled(page)
    shoot(page, "costs-2-what-if")

    page.get_by_role("link", name="Tradeoff").first.click()
    page.get_by_text("Figures assume: devices rented all month").wait_for()
    settled(page)
    page.locator("[data-testid=stBaseButton-tertiary]", has_text="Reset").click()
    page.get_by_text("Figures assume").wait_for(state="detached")
    assert "hours_on" not in page.url

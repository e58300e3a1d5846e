"""A cascade in a real browser: chosen, changed, saved, and asked in the playground."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Dashboard, settled, shoot
from tests.core.findings.test_cascades import fit
from tests.ui.fixtures import finished_run, questions


@pytest.fixture(scope="module")
def filled(dashboard: Dashboard) -> Dashboard:
    dataset = questions(dashboard.home, test=120)
    for name in ("majority", "tfidf-linear"):
        fit(dashboard.home, dataset, finished_run(dashboard.home, dataset, name))
    finished_run(dashboard.home, dataset, "minilm-full")
    return dashboard


def test_from_two_candidates_to_an_answer_of_their_cascade(page: Page, filled: Dashboard) -> None:
    page.goto(f"{filled.url}/cascade?dataset=questions")
    settled(page)
    page.get_by_role("heading", name=re.compile("tfidf-linear answers .* of the texts, minilm-full")).wait_for()
    page.locator(".js-plotly-plot .scatterlayer").first.wait_for()
    page.get_by_role("button", name=re.compile("Thresholds")).click()
    page.get_by_label("tfidf-linear (%)").fill("90")
    page.get_by_label("tfidf-linear (%)").press("Enter")
    page.wait_for_url(re.compile("sure0=90"))
    settled(page)
    page.get_by_text("at least 90.0 % sure").wait_for()
    shoot(page, "cascade")

    page.goto(f"{filled.url}/cascade?dataset=questions&stages=tfidf-linear&stages=majority&sure0=60")
    settled(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("tfidf-linear-then-majority is a candidate now").wait_for()
    shoot(page, "cascade-saved")
    page.get_by_role("link", name="Try a text").click()
    page.wait_for_url(re.compile("/playground"))
    settled(page)
    page.get_by_label("Text", exact=True).fill("What about desc number 3, seen?")
    page.get_by_role("button", name="Try").click()
    page.get_by_text("Answered by").wait_for()
    settled(page)
    shoot(page, "cascade-playground")


def test_a_person_and_prices_fit_a_small_window(browser: Browser, filled: Dashboard) -> None:
    context = browser.new_context(viewport={"width": 800, "height": 1000}, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{filled.url}/cascade?dataset=questions&person=0.5&mistake=3")
    settled(page)
    page.get_by_role("heading", name=re.compile("answering and mistakes cost")).wait_for()
    page.locator(".js-plotly-plot .scatterlayer").first.wait_for()
    page.get_by_role("button", name=re.compile("A wrong answer costs")).click()
    page.get_by_text("Each mistake: the right label down").wait_for()
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    shoot(page, "cascade-800-dark")
    context.close()

"""Decide in a real browser: the answer within a glance, the three questions, and what they change."""

import re

from playwright.sync_api import Page

from tests.browser.conftest import Dashboard, settled, shoot
from tests.ui.fixtures import finished_run, questions


def test_three_questions_give_one_named_answer(page: Page, dashboard: Dashboard) -> None:
    dataset = questions(dashboard.home, "calls", test=200)
    for name in ("majority", "tfidf-linear", "minilm-full", "minilm-lora"):
        finished_run(dashboard.home, dataset, name)
    page.goto(f"{dashboard.url}/?dataset=calls")
    settled(page)
    page.get_by_role("link", name="Decide").first.click()
    page.wait_for_url(re.compile("/decide"))
    page.get_by_text("Take this one").wait_for()
    page.get_by_text(re.compile("minilm-(full|lora) (is|cannot)")).first.wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    settled(page)
    shoot(page, "decide-answer")

    page.get_by_role("button", name=re.compile("What limits: nothing")).click()
    page.get_by_label("Most milliseconds for one text, in 95 of 100 cases").fill("2")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("tfidf-linear is better than all others that keep the limits")).wait_for()
    page.keyboard.press("Escape")
    assert "max_p95_ms=2" in page.url
    page.get_by_text("Without the limit on time").wait_for()
    settled(page)
    shoot(page, "decide-limits")

    page.reload()
    settled(page)
    page.get_by_role("button", name=re.compile("What limits: 2.0 ms")).wait_for()
    page.get_by_role("button", name="As a command").click()
    page.get_by_text("--max-p95-ms 2").wait_for()

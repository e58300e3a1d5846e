"""The Labels page in a real browser: a curve with its band, another goal by hand, the cheapest way by a price."""

import re

from playwright.sync_api import Page

from tests.browser.conftest import Dashboard, settled, shoot
from tests.core.findings.test_curves import CURVE, learn
from tests.ui.fixtures import finished_run, questions


def test_from_the_question_to_what_more_labels_bring(page: Page, dashboard: Dashboard) -> None:
    dataset = questions(dashboard.home, test=120)
    learn(dashboard.home, dataset, CURVE)
    finished_run(dashboard.home, dataset, "minilm-full")
    for wording in range(3):
        finished_run(dashboard.home, dataset, "smollm2-zero-shot", paraphrase=wording)
    page.goto(f"{dashboard.url}/labels?dataset=questions")
    settled(page)
    page.get_by_role("heading", name=re.compile(r"tfidf.linear")).wait_for()
    page.locator(".js-plotly-plot").nth(1).wait_for()
    shoot(page, "labels-1-curve")
    page.get_by_role("combobox", name=re.compile("Goal")).click()
    page.get_by_role("option", name="smollm2-zero-shot").click()
    settled(page)
    page.wait_for_url(re.compile("goal=smollm2-zero-shot"))
    page.get_by_role("heading", name=re.compile("within 1 point of smollm2.zero.shot from about")).wait_for()
    page.get_by_role("spinbutton", name="USD a label").fill("0.5")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"label_usd=0\.5"))
    settled(page)
    page.get_by_text(re.compile("Cheapest way over 12 months")).wait_for()
    page.get_by_text(re.compile("over 3 ways of asking")).wait_for()
    shoot(page, "labels-2-goal")

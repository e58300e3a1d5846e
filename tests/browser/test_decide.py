"""Decide in a real browser: the answer within a glance, the three questions, and what they change."""

import re
from pathlib import Path

from playwright.sync_api import Page

from core.record.signing import in_page
from core.record.verify import verify
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
    page.get_by_text(re.compile("recommend calls --max-p95-ms 2")).wait_for()


def test_the_record_is_one_click_away_opens_offline_and_holds(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    dataset = questions(dashboard.home, "letters", test=100)
    for name in ("majority", "tfidf-linear", "minilm-full"):
        finished_run(dashboard.home, dataset, name)
    page.goto(f"{dashboard.url}/decide?dataset=letters&margin=0.1")
    settled(page)
    with page.expect_download() as made:
        page.get_by_role("button", name="Decision record").click()
    assert made.value.suggested_filename == "letters-decision.html"
    path = tmp_path / "letters.html"
    made.value.save_as(path)
    assert verify(dashboard.home, path).agrees
    assert in_page(path.read_text(encoding="utf-8"))["record"]["decision"]["question"]["margin"] == 0.1

    asked: list[str] = []
    page.context.set_offline(True)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.get_by_role("heading", name=re.compile("Take ")).wait_for()
    assert asked == [path.as_uri()]
    for width, scheme in ((1400, "light"), (800, "dark")):
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shoot(page, f"record-{scheme}")

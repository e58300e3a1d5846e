"""A newcomer's way through the dashboard in a real browser: upload, launch, watch, tradeoff, playground."""

import json
import re
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Dashboard, settled, shoot
from tests.conftest import small_frame
from ui.navigation import PAGES

NOT_TAKEN = ("minilm-linear", "minilm-full", "minilm-lora", "smollm2-zero-shot", "smollm2-few-shot")


def go(page: Page, dashboard: Dashboard, name: str, **parameters: str) -> None:
    query = "&".join(f"{key}={value}" for key, value in parameters.items())
    page.goto(f"{dashboard.url}/{'' if name == 'overview' else name}?{query}")
    settled(page)


def health(dashboard: Dashboard) -> dict:
    with urllib.request.urlopen(f"{dashboard.url}/api/health") as answer:
        return json.loads(answer.read())


def test_a_newcomer_gets_from_a_file_to_an_answer(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    file = tmp_path / "things; a = 1.csv"
    frame = small_frame().rename(columns={"target": "label"})
    frame.loc[0, "text"] = "<script>alert(1)</script> the cat & the $dog$ *here*"
    frame[["text", "label"]].to_csv(file, index=False, sep=";")

    go(page, dashboard, "overview")
    shoot(page, "1-empty")
    page.get_by_role("button", name="Upload your own").click()
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_text("separated by semicolon").wait_for()
    page.get_by_label("Name", exact=True).fill("things")
    shoot(page, "2-upload")
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(re.compile("dataset=things"))
    settled(page)
    assert health(dashboard)["datasets"] == ["things"]
    shoot(page, "3-dataset")

    go(page, dashboard, "launch", dataset="things")
    for name in NOT_TAKEN:
        page.get_by_text(name, exact=True).first.click()
        settled(page)
    shoot(page, "4-launch")
    page.get_by_role("button", name=re.compile(r"Launch 2 runs")).click()
    page.wait_for_url(re.compile("/runs"))
    settled(page)
    shoot(page, "5-runs")
    deadline = time.monotonic() + 120
    while health(dashboard)["runs"].get("finished", 0) < 2:
        assert time.monotonic() < deadline, health(dashboard)
        time.sleep(0.5)

    go(page, dashboard, "tradeoff", dataset="things")
    page.locator(".js-plotly-plot").first.wait_for()
    page.get_by_text(re.compile(r"tfidf-linear (is|costs)")).first.wait_for()
    shoot(page, "6-tradeoff")

    go(page, dashboard, "playground", dataset="things")
    page.get_by_label("Text", exact=True).fill("please tell me about the cat and the dog and the cow")
    page.get_by_role("button", name="Try").click()
    page.get_by_text("animal", exact=True).first.wait_for()
    settled(page)
    shoot(page, "7-playground")

    go(page, dashboard, "query")
    page.get_by_role("button", name="Run").click()
    page.get_by_text(re.compile(r"2 rows in")).wait_for()
    shoot(page, "8-query")


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (800, "light"), (800, "dark")])
def test_every_page_stands_at_any_width_and_theme(
    browser: Browser, dashboard: Dashboard, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    for name in PAGES:
        go(page, dashboard, name)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{name} is wider than the window by {overflow} px"
        shoot(page, f"{name}-{width}-{scheme}")
    context.close()
    assert problems == []


def test_the_dashboard_stays_light(dashboard: Dashboard) -> None:
    process = psutil.Process(dashboard.process.pid)
    assert process.memory_info().rss < 400 * 1024**2
    mapped = {Path(mapping.path).name for mapping in process.memory_maps()}
    assert not [name for name in mapped if name.startswith(("libtorch", "libc10"))]

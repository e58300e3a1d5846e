"""A CoNLL file's way through the dashboard: import, see the spans, run a baseline, read mistakes, try a text."""

import json
import re
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import Dashboard, settled, shoot

CITIES = ("Berlin", "São Paulo", "<b>Rome</b>", "Quito")


def conll(sentences: int = 120) -> str:
    """Sentences with a city each, sometimes of two words; every fourth has none. Every fifth city is a band."""
    lines = []
    for place in range(sentences):
        words = [("Flight", "O"), (str(place), "O"), ("to", "O")]
        city = CITIES[place % len(CITIES)].split() if place % 4 != 3 else ["nowhere"]
        label = "band" if place % 5 == 0 else "city"
        tags = ["O"] if place % 4 == 3 else [f"B-{label}", *[f"I-{label}"] * (len(city) - 1)]
        lines += [f"{word} {tag}" for word, tag in [*words, *zip(city, tags, strict=True), ("soon", "O")]] + [""]
    return "\n".join(lines)


def test_entities_from_a_file_to_an_answer(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    file = tmp_path / "cities.conll"
    file.write_text(conll(), encoding="utf-8")
    page.goto(f"{dashboard.url}/datasets?add=file")
    settled(page)
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_text("The first texts as they would be imported").wait_for()
    page.locator("mark", has_text="Berlin").first.wait_for()
    shoot(page, "entities-1-import")
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(re.compile("dataset=cities"))
    settled(page)
    page.get_by_role("tab", name="Texts").click()
    for city in ("São Paulo", "<b>Rome</b>"):
        page.locator("mark", has_text=city).first.wait_for()
    page.locator("mark small", has_text="city").first.wait_for()
    shoot(page, "entities-2-texts")

    launch(dashboard, "cities", "majority", "tfidf-linear")
    page.goto(f"{dashboard.url}/results?dataset=cities")
    settled(page)
    page.get_by_text(re.compile(r"entities exactly \(F1")).wait_for()
    page.get_by_role("tab", name=re.compile("Mistakes")).click()
    page.locator("mark.wrong", has_text="wrong label").first.wait_for()
    settled(page)
    shoot(page, "entities-3-mistakes")

    page.goto(f"{dashboard.url}/playground?dataset=cities")
    settled(page)
    page.get_by_label("Text", exact=True).fill("Flight 7 to Berlin soon")
    page.get_by_role("button", name="Try").click()
    page.locator("mark", has_text="Berlin").first.wait_for()
    settled(page)
    shoot(page, "entities-4-playground")


def launch(dashboard: Dashboard, dataset: str, *candidates: str) -> None:
    """Queue candidates as the Launch page does, and wait until they have finished."""
    from core.launch import launch as queue
    from core.spec import Experiment

    queue(dashboard.home, Experiment(dataset=dataset, candidates=list(candidates)))
    deadline = time.monotonic() + 120
    while True:
        with urllib.request.urlopen(f"{dashboard.url}/api/health") as answer:
            runs = json.loads(answer.read())["runs"]
        if runs.get("finished", 0) == len(candidates):
            return
        assert not runs.get("failed"), runs
        assert time.monotonic() < deadline, runs
        time.sleep(0.5)

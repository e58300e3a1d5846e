"""A race in a real browser: started on the Launch page, watched to its end, a dropped candidate taken back."""

import re

from playwright.sync_api import Page

from core import racing
from core.data.dataset import save_dataset
from tests.browser.conftest import Dashboard, settled, shoot
from tests.conftest import small_frame
from tests.ui.races import NAMES

SLOW = 180_000


def test_from_the_launch_page_to_the_winner_and_back(page: Page, dashboard: Dashboard) -> None:
    save_dataset(dashboard.home, small_frame(per_label=150), "things", "single_label")
    page.goto(f"{dashboard.url}/race")
    settled(page)
    page.get_by_role("heading", name=re.compile("No race yet")).wait_for()
    shoot(page, "race-1-empty")
    page.get_by_role("button", name="Start a race").click()
    page.wait_for_url(re.compile(r"/launch\?.*race=on"))
    settled(page)
    for name in NAMES[2:]:
        page.get_by_text(name, exact=True).first.click()
        settled(page)
    page.get_by_role("spinbutton", name="Minutes").fill("20")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("All candidates on all texts would take about")).wait_for()
    shoot(page, "race-2-launch")
    page.get_by_role("button", name=re.compile("Start a race of 2 candidates")).click()
    page.wait_for_url(re.compile("/race"))
    settled(page)
    shoot(page, "race-3-running")
    page.get_by_role("heading", name=re.compile(r"tfidf.linear won with")).wait_for(timeout=SLOW)
    page.locator(".js-plotly-plot").first.wait_for()
    page.get_by_text(re.compile("majority: dropped in round 1")).first.wait_for()
    settled(page)
    shoot(page, "race-4-finished")

    (race,) = racing.races(dashboard.home)
    page.goto(f"{dashboard.url}/race?race={race.id}&candidate=majority")
    settled(page)
    page.get_by_role("button", name="Resume").click()
    page.get_by_text(re.compile("A person took it back")).wait_for()
    page.get_by_role("heading", name=re.compile("none of 2 candidates was dropped")).wait_for(timeout=SLOW)
    settled(page)
    shoot(page, "race-5-resumed")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name=re.compile(r"tfidf.linear")).wait_for()
    settled(page)

"""A real dashboard in its own process and a real Chromium. Screenshots go to build/screenshots."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from core.home import Home

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


@dataclass
class Dashboard:
    """A served dashboard: its address, data folder and process."""

    url: str
    home: Home
    process: "subprocess.Popen[bytes]"


def serve(home: Home) -> Dashboard:
    """Start the dashboard on a free port and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "TRADEOFF_HOME": str(home.root)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with open(home.root / "dashboard.log", "ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/api/health", timeout=2).read()
            return Dashboard(url, home, process)
        except OSError:
            assert process.poll() is None, (home.root / "dashboard.log").read_text()
            time.sleep(0.1)
    raise AssertionError("the dashboard did not answer")


def stop(dashboard: Dashboard) -> None:
    """End the dashboard and its children."""
    os.killpg(dashboard.process.pid, signal.SIGTERM)
    dashboard.process.wait(20)


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    served = serve(Home(tmp_path_factory.mktemp("home with space")).prepare())
    yield served
    stop(served)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; .ci/run installs it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    yield opened
    context.close()


def settled(page: Page) -> None:
    """Wait until Streamlit has finished drawing, and see that no page stumbled."""
    page.wait_for_selector("[data-testid='stMain']")
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget], [data-testid=stSkeleton]')")
    page.wait_for_timeout(300)
    assert page.get_by_text("stumbled over something unforeseen").count() == 0
    assert page.get_by_text("Traceback").count() == 0


def shoot(page: Page, name: str) -> None:
    """Keep a screenshot as build output."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")

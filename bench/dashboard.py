"""How long from `streamlit run app.py` to the first page, and how much memory: `python bench/dashboard.py [FOLDER]`.

FOLDER is a data folder (`TRADEOFF_HOME`); an empty one by default. Needs Chromium. Prints the median of some starts.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder: its statistics.py would hide the one of Python

import statistics

from core.home import Home
from tests.browser.conftest import CHROMIUM, FLAGS, serve, stop

STARTS = 5


def main() -> None:
    """Start the dashboard some times, open its first page and print medians."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path, nargs="?")
    home = Home((asked.parse_args().folder or Path(tempfile.mkdtemp())).resolve()).prepare()
    ready, drawn, memory = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(STARTS):
            page = browser.new_page()
            began = time.perf_counter()
            dashboard = serve(home)
            ready.append(time.perf_counter() - began)
            page.goto(dashboard.url)
            page.wait_for_selector("h1")
            drawn.append(time.perf_counter() - began)
            memory.append(psutil.Process(dashboard.process.pid).memory_info().rss / 2**20)
            page.close()
            stop(dashboard)
        browser.close()
    print(f"server answers      {statistics.median(ready):6.2f} s  ({min(ready):.2f} to {max(ready):.2f})")
    print(f"first page drawn    {statistics.median(drawn):6.2f} s  ({min(drawn):.2f} to {max(drawn):.2f})")
    print(f"memory after it     {statistics.median(memory):6.0f} MiB")


if __name__ == "__main__":
    main()

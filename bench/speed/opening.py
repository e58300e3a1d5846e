"""From the start of the dashboard to its first page, and its memory at rest, beside MLflow's UI over the same runs:
`python -m bench.speed.opening [--rounds 3]`, in turn. Needs Chromium.

A page counts as there when it shows runs or figures, not when the server answers. Memory is what the processes of the
server have for themselves (USS), ten seconds later, without the browser.
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
from playwright.sync_api import Browser, Error, sync_playwright

from bench.speed.material import ROOT
from bench.speed.pages import home
from tests.browser.conftest import CHROMIUM, FLAGS

REST_SECONDS = 10.0
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """What is started, and what its first page shows when it is there."""

    name: str
    command: Sequence[str]
    path: str
    shows: str


def servers(port: int) -> list[Server]:
    """The dashboard and MLflow's UI."""
    store = os.environ.get("TRADEOFF_BENCH_MLFLOW") or str(ROOT / "build" / "mlflow")
    own = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    mlflow = [str(ROOT / ".venv-mlflow" / "bin" / "python"), "-m", "mlflow", "ui", "--port", str(port),
              "--backend-store-uri", f"sqlite:///{store}/mlflow.db"]  # fmt: skip
    return [Server("tradeoff", own, "", "h1"), Server("MLflow UI", mlflow, "#/experiments", "text=many runs")]


def started(browser: Browser, server: Server, port: int) -> tuple[float, float]:
    """Seconds until the first page is there, and MiB at rest."""
    environment = {**os.environ, "TRADEOFF_HOME": str(home().root), "MLFLOW_DISABLE_TELEMETRY": "true"}
    began = time.perf_counter()
    process = subprocess.Popen(
        server.command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    page = browser.new_page()
    try:
        while True:
            try:
                page.goto(f"http://127.0.0.1:{port}/{server.path}", wait_until="commit")
                page.wait_for_selector(server.shows, timeout=1000 * PATIENCE_SECONDS)
                break
            except Error:
                if time.perf_counter() - began > PATIENCE_SECONDS:
                    raise
                time.sleep(0.05)
        seconds = time.perf_counter() - began
        page.close()
        time.sleep(REST_SECONDS)
        return seconds, _own_mib(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _own_mib(pid: int) -> float:
    whole = psutil.Process(pid)
    return sum(one.memory_full_info().uss for one in (whole, *whole.children(recursive=True))) / 2**20


def main() -> None:
    """Start each in turn and print medians."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=3)
    rounds = asked.parse_args().rounds
    found: dict[str, list[tuple[float, float]]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for _ in range(rounds):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            for server in servers(port):
                found.setdefault(server.name, []).append(started(browser, server, port))
        browser.close()
    for name, times in found.items():
        seconds, memory = ([one[place] for one in times] for place in (0, 1))
        print(
            f"{name:10} first page {statistics.median(seconds):6.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), "
            f"at rest {statistics.median(memory):5.0f} MiB"
        )


if __name__ == "__main__":
    main()

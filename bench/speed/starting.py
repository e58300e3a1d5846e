"""How long until there is something to see: the dashboard's first page beside MLflow's UI, and a fresh clone's table.

A page counts as there when it shows runs or figures, not when the server answers. Memory is what the processes of a
server have for themselves (USS), some seconds later, without the browser (Chromium, which is needed).
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Error, sync_playwright

from bench.speed import pages
from bench.speed.material import ROOT
from bench.speed.timing import Contender, Outcome

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
REST_SECONDS = 10.0
PATIENCE_SECONDS = 120.0
MAKE = ["make", "--silent", "demo", "SERVE=0"]


@dataclass
class Server:
    """What is started, and what its first page shows when it is there; `{port}` stands for its port."""

    command: Sequence[str]
    home: Path | None
    path: str
    shows: str
    process: "subprocess.Popen[bytes] | None" = None
    held: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    def open(self, browser: Browser) -> Outcome:
        """Start it and wait for its first page."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.held = None if self.home else tempfile.TemporaryDirectory()
        environment = {**os.environ, "TRADEOFF_HOME": str(self.home or (self.held and self.held.name)),
                       "MLFLOW_DISABLE_TELEMETRY": "true"}  # fmt: skip
        self.process = subprocess.Popen(
            [part.format(port=port) for part in self.command], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        page, until = browser.new_page(), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()  # the browser's own tries are dear
                page.goto(f"http://127.0.0.1:{port}/{self.path}", wait_until="commit")
                page.wait_for_selector(self.shows, timeout=1000 * PATIENCE_SECONDS)
                break
            except (Error, OSError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
        page.close()
        return Outcome(1)

    def rest(self) -> dict[str, float]:
        """MiB that its processes have for themselves once it has come to rest."""
        assert self.process is not None, "it was opened"
        time.sleep(REST_SECONDS)
        whole = psutil.Process(self.process.pid)
        every = (whole, *whole.children(recursive=True))
        return {"MiB": sum(one.memory_full_info().uss for one in every) / 2**20}

    def stop(self) -> None:
        """End it."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(30)
        self.process = None
        if self.held:
            self.held.cleanup()


def opened(runs: bool) -> list[Contender]:
    """From the start of the dashboard to its first page: over a new data folder, or a thousand runs and its peer."""
    own = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "{port}"]
    if not runs:
        return _contenders({"tradeoff": Server(own, None, "", "h1")})
    store = os.environ.get("TRADEOFF_BENCH_MLFLOW") or str(ROOT / "build" / "mlflow")
    peer = [str(pages.PYTHON), "-m", "mlflow", "ui", "--port", "{port}", "--backend-store-uri",
            f"sqlite:///{store}/mlflow.db"]  # fmt: skip
    home = pages.home().root
    return _contenders({"tradeoff": Server(own, home, "", "h1"),
                        "MLflow UI": Server(peer, home, "#/experiments", "text=many runs")})  # fmt: skip


def _contenders(servers: dict[str, Server]) -> list[Contender]:
    browser = sync_playwright().start().chromium.launch(executable_path=CHROMIUM, args=FLAGS)

    def stop() -> None:
        for server in servers.values():
            server.stop()

    def judged(server: Server) -> dict[str, float]:
        stop()
        server.open(browser)
        found = server.rest()
        stop()
        return found

    return [
        Contender(name, lambda server=server: server.open(browser), stop, lambda server=server: judged(server))  # type: ignore[misc]
        for name, server in servers.items()
    ]


def first_table() -> list[Contender]:
    """`make demo SERVE=0` in a fresh clone, with the packages of this environment: what is installed is not timed."""
    held: list[tempfile.TemporaryDirectory[str]] = []

    def clone() -> None:
        for one in held:
            one.cleanup()
        held[:] = [tempfile.TemporaryDirectory()]
        subprocess.run(["git", "clone", "--quiet", str(ROOT), f"{held[0].name}/clone"], check=True)

    def act() -> Outcome:
        packages = str(Path(sys.prefix))
        command = [*MAKE, f"VENV={packages}", "--assume-old", f"{packages}/.installed"]
        told = subprocess.run(
            command, cwd=f"{held[0].name}/clone", env={**os.environ, "TRADEOFF_HOME": f"{held[0].name}/home"},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert "minilm-full" in told.stdout, told.stdout
        return Outcome(1)

    return [Contender("tradeoff", act, clone)]

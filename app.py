"""The dashboard: `streamlit run app.py` serves the pages and the HTTP API.

This process stays light: models live in child processes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st

from core.home import Home
from ui import messages, routes, warming
from ui.session import predictor_of

log = logging.getLogger("tradeoff")
home = Home.default()
predictor = predictor_of(home)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Once a process: tidy up after a kill, go on with queued work, make pages quick; let all go at the end."""
    starting = asyncio.create_task(asyncio.to_thread(_start))
    yield
    await starting
    warming.end()
    predictor.close()


def _start() -> None:
    from core.racing import any_open
    from core.reconcile import reconcile
    from core.runs import list_runs
    from core.worker import ensure_worker

    try:
        reconcile(home)
        queued = any((state := folder.state) and state.status == "queued" for folder in list_runs(home))
        if queued or any_open(home):
            ensure_worker(home)
    except Exception:
        log.exception("Queued work could not be started")
    warming.begin(home)


app = st.App(
    Path(__file__).parent / "ui" / "shell.py",
    lifespan=lifespan,
    routes=routes.routes(home, predictor),
    on_script_error=messages.on_script_error,
)

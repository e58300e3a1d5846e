"""Show a race through to its end in a terminal."""

import sys
import time

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from core import racing
from core.home import Home
from core.worker import ensure_worker
from verbs.race_tables import headline, standings, told

POLL_SECONDS = 0.5


def watch(home: Home, race_id: str, quiet: bool = False) -> str:
    """Wait until a race is over, restarting a worker that died; returns how it ended.

    On a terminal the table keeps itself up to date; else what is decided is printed as it comes. All of it goes to
    stderr, so that stdout stays the answer's.
    """
    console = Console(stderr=True, quiet=quiet, highlight=False)
    live = not quiet and sys.stderr.isatty()
    said = 0
    with Live(console=console, auto_refresh=False, transient=True) if live else console as screen:
        while True:
            report = racing.report(home, race_id)
            answer = report.model_dump(mode="json")
            if isinstance(screen, Live):
                screen.update(Group(Text(headline(answer)), standings(answer)), refresh=True)
            else:
                for event in answer["events"][said:]:
                    console.print(told(event), markup=False, soft_wrap=True)
                said = len(answer["events"])
            if report.status != "running":
                return report.status
            ensure_worker(home)
            time.sleep(POLL_SECONDS)

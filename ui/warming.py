"""What the served dashboard does beside its pages, so that the first page and each new metric are there at once.

At its start it imports what pages need, and reads the runs; whenever runs have ended, a process of its own computes
what pages will ask of them (`core.findings.ahead`). Pages never wait for any of it.
"""

import importlib
import logging
from pathlib import Path

from core.findings import ahead
from core.home import Home
from ui import data

log = logging.getLogger("tradeoff")
LIBRARIES = ("plotly.graph_objects", "scipy.special", "pyarrow.dataset", "pynvml")
"""What pages import when they need it, and that takes a while."""
HERE = Path(__file__).parent


def begin(home: Home) -> None:
    """Import, read, and compute ahead whenever runs have ended; takes a second or two."""
    data.when_ended(ahead.start)
    for name in (*LIBRARIES, *_modules()):
        try:
            importlib.import_module(name)
        except Exception:
            log.exception("%s could not be imported ahead", name)
    data.look_again()
    data.tell_ended(home)


def end() -> None:
    """Let go of what was started."""
    data.when_ended(None)
    ahead.stop()


def _modules() -> list[str]:
    """The modules of `ui`, save for the frame, which is a page's script."""
    paths = (path.relative_to(HERE.parent).with_suffix("") for path in sorted(HERE.rglob("*.py")))
    return [".".join(path.parts) for path in paths if path.name not in ("shell", "__init__")]

"""A starter of stand-ins that imports nothing else: `python standin_starter.py HOW[:SECONDS] KIT HOME`."""

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from core import starter_child  # noqa: E402
from core.runs import RunFolder  # noqa: E402
from tests.core import standin  # noqa: E402


def command(how: str) -> list[str]:
    return [sys.executable, str(Path(__file__)), how]


def pretend(arguments: Sequence[str], start_up: str) -> int:
    print(start_up, flush=True)
    how, _, seconds = asked.partition(":")
    standin.main(how, float(seconds or 0), RunFolder(Path(arguments[0])))
    return 0


if __name__ == "__main__":
    asked = sys.argv[1]
    starter_child.prepare = lambda kit: sys.exit("nothing to import") if kit == "broken" else None
    starter_child.execute.main = pretend  # type: ignore[assignment]
    sys.exit(starter_child.main(sys.argv[2]))

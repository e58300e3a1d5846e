"""The dashboard's process stays light: no page pulls in a library that trains or runs models."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "transformers", "sklearn", "peft", "cleanlab", "codecarbon"}


def test_the_app_and_everything_pages_import_stay_light(tmp_path: Path) -> None:
    modules = [
        "app",
        *(f"ui.{path.stem}" for path in (ROOT / "ui").glob("*.py") if path.stem not in ("shell", "__init__")),
    ]
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    env = {"TRADEOFF_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_one_page_after_another_in_one_process_stays_light(tmp_path: Path) -> None:
    code = f"""
import os, sys
os.environ["TRADEOFF_HOME"] = {str(tmp_path)!r}
from core.home import Home
from tests.ui.fixtures import finished_run, questions
from tests.ui.test_pages import PAGES, open_page
home = Home.default()
made = questions(home, test=40)
for name in ("majority", "minilm-full"):
    finished_run(home, made, name)
for name in PAGES:
    assert not open_page(name).exception, name
print(sorted({HEAVY!r} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"

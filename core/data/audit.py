"""The audit of a dataset version: what is wrong with it, kept as `audit.json` in the version's folder.

`audit` takes seconds to minutes and loads scikit-learn: pages start it as a process of its own (`start_audit`, which
runs `python -m core.data.audit HOME NAME [VERSION]`) and read the result (`load_audit`). Everything else here is light.
"""

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import psutil
from pydantic import ValidationError

from core import files
from core.data.dataset import Dataset, load_dataset
from core.data.finding import RECORD_VERSION, SEVERITIES, Audit, AuditSettings, Finding, FindingExample
from core.errors import TradeoffError
from core.home import Home

FILE, LOCK, LOG = "audit.json", ".audit.lock", "audit.log"
START_SECONDS = 60
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class AuditStatus:
    """Where the audit of a version stands; `share` from 0 to 1, `line` what it does or why it failed."""

    state: Literal["none", "running", "done", "failed"]
    share: float = 0.0
    line: str = ""


def audit(dataset: Dataset, progress: Progress | None = None, settings: AuditSettings | None = None) -> Audit:
    """Check a version and keep the result beside its examples.

    Raises:
        TradeoffError: the dataset was deleted meanwhile, or the disk is full.
    """
    from core.data.checks import run_checks

    began = time.monotonic()
    tell = progress or (lambda _share, _line: None)
    found = run_checks(dataset.frame, settings or AuditSettings(), tell, dataset.info.task)
    result = Audit(
        dataset=dataset.info.name, fingerprint=dataset.info.fingerprint, made_at=files.now(),
        seconds=round(time.monotonic() - began, 2), **found,
    )  # fmt: skip
    if not dataset.folder.exists():
        raise TradeoffError("The dataset was deleted while it was audited", dataset.info.name)
    files.write_json(dataset.folder / FILE, result.model_dump(mode="json"))
    return result


def load_audit(dataset: Dataset) -> Audit | None:
    """The audit of a version, or None when there is none that this release can read."""
    path = dataset.folder / FILE
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


def start_audit(home: Home, name: str, version: str | None = None) -> bool:
    """Start the audit of a version in a process of its own that outlives this one; whether one was started.

    Nothing is started while one runs.

    Raises:
        TradeoffError: there is no such dataset.
    """
    dataset = load_dataset(home, name, version)
    if audit_status(dataset).state == "running":
        return False
    command = [sys.executable, "-m", "core.data.audit", str(home.root), name, dataset.info.fingerprint]
    with open(dataset.folder / LOG, "ab", buffering=0) as log:
        log.truncate(0)
        child = subprocess.Popen(
            command, cwd=Path(__file__).parents[2], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, env={**os.environ, "TOKENIZERS_PARALLELISM": "false"},
        )  # fmt: skip
        log.write((json.dumps({"share": 0.0, "line": "Starting", "pid": child.pid}) + "\n").encode())
    return True


def audit_status(dataset: Dataset) -> AuditStatus:
    """Where the audit of a version stands, told by its lock, its result and the log of its process."""
    running = files.is_held(dataset.folder / LOCK)
    log = dataset.folder / LOG
    lines = list(files.read_jsonl(log))
    last = lines[-1] if lines else {}
    share, line = float(last.get("share", 0.0)), str(last.get("line", ""))
    if running or _is_starting(last, log):
        return AuditStatus("running", share, line)
    if load_audit(dataset) is not None:
        return AuditStatus("done", 1.0)
    if not lines:
        return AuditStatus("none")
    reason = str(last["error"]) if "error" in last else f"It stopped while it was at “{line}”; memory may have run out."
    return AuditStatus("failed", share, reason)


def main(arguments: list[str]) -> int:
    """`HOME NAME [VERSION]`: audit that version, telling progress as JSON lines. Exits 2 on a user's mistake."""
    if len(arguments) not in (2, 3):
        print("Usage: python -m core.data.audit HOME NAME [VERSION]", file=sys.stderr)
        return 2
    home, name, version = Home(Path(arguments[0])), arguments[1], arguments[2] if arguments[2:] else None
    try:
        dataset = load_dataset(home, name, version)
        # Whoever asks `audit_status` holds the lock for a moment, so wait for it a little.
        with files.held(dataset.folder / LOCK, wait_seconds=2) as free:
            if free:
                audit(dataset, lambda share, line: _tell({"share": round(share, 3), "line": line}))
                _tell({"share": 1.0, "line": "Done"})
    except TradeoffError as error:
        _tell({"share": 0.0, "line": str(error), "error": str(error)})
        return 2
    except MemoryError:
        _tell({"share": 0.0, "line": "", "error": "The machine has too little free memory for the audit of this set."})
        return 2
    except Exception as error:
        traceback.print_exc()
        _tell({"share": 0.0, "line": "", "error": f"An unexpected {type(error).__name__} ended it; see {LOG}."})
        return 1
    return 0


def _tell(record: dict[str, object]) -> None:
    print(json.dumps(record), flush=True)


def _is_starting(last: dict[str, object], log: Path) -> bool:
    """Whether a process was started so shortly ago that it may not hold the lock yet."""
    pid = last.get("pid")
    if not isinstance(pid, int) or time.time() - log.stat().st_mtime > START_SECONDS:
        return False
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@lru_cache(maxsize=16)
def _read(path: Path, _changed: int) -> Audit | None:
    content = files.read_json(path)
    if not isinstance(content, dict) or content.get("record_version") != RECORD_VERSION:
        return None
    try:
        return Audit(**content)
    except ValidationError:
        return None


__all__ = [
    "SEVERITIES", "Audit", "AuditSettings", "AuditStatus", "Finding", "FindingExample", "audit", "audit_status",
    "load_audit", "start_audit",
]  # fmt: skip

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

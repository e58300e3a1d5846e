"""Audits of datasets: run in a process of their own, read from where they were kept."""

import subprocess
import sys
from pathlib import Path

from core.data.audit import Audit, load_audit
from core.data.dataset import DatasetInfo, load_dataset
from ui.session import home

ROOT = Path(__file__).parents[1]
_started: dict[str, subprocess.Popen[bytes]] = {}


def audit_of(info: DatasetInfo) -> Audit | None:
    """The audit of a dataset version, when it has been made."""
    return load_audit(load_dataset(home(), info.name, info.fingerprint))


def findings_left(info: DatasetInfo) -> int | None:
    """How many findings there are to look at; None when it was not audited yet."""
    audit = audit_of(info)
    return None if audit is None else len(audit.open_findings)


def start_audit(info: DatasetInfo) -> None:
    """Audit in the background, once at a time for a version: it loads models, which this process must not."""
    if not is_auditing(info):
        command = [sys.executable, "-m", "core.data.audit", str(home().root), info.name]
        _started[info.fingerprint] = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def is_auditing(info: DatasetInfo) -> bool:
    """Whether the audit is being made now."""
    process = _started.get(info.fingerprint)
    return process is not None and process.poll() is None


def audit_failed(info: DatasetInfo) -> bool:
    """Whether the last attempt ended without an audit."""
    process = _started.get(info.fingerprint)
    return process is not None and process.poll() not in (None, 0)

"""Audits of dataset versions as pages need them; they are made in a process of their own."""

from core.data.audit import Audit, AuditStatus, audit_status, load_audit
from core.data.audit import start_audit as start
from core.data.dataset import DatasetInfo, load_dataset
from ui.session import home


def audit_of(info: DatasetInfo) -> Audit | None:
    """The audit of a dataset version, when it has been made."""
    return load_audit(load_dataset(home(), info.name, info.fingerprint))


def findings_left(info: DatasetInfo) -> int | None:
    """How many findings there are to look at; None when it was not audited yet."""
    audit = audit_of(info)
    return None if audit is None else len(audit.open_findings)


def start_audit(info: DatasetInfo) -> None:
    """Audit a version in the background, unless that is done or being done."""
    if audit_of(info) is None:
        start(home(), info.name, info.fingerprint)


def status_of(info: DatasetInfo) -> AuditStatus:
    """Where the audit of a version stands."""
    return audit_status(load_dataset(home(), info.name, info.fingerprint))

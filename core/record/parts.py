"""What a decision record holds. All of it is JSON, and the document is drawn from nothing else."""

from typing import Any

from core.analysis.decision import Decision
from core.analysis.results import CandidateRow
from core.analysis.scenario import Scenario
from core.findings.breakeven import MonthlyCosts
from core.metering.prices import DevicePrice, TokenPrice
from core.spec import Record

RECORD_VERSION = 1
"""Raised when older records can no longer be read."""


class FindingPart(Record):
    """What a check of the audit found; `count` is in the unit that the title names."""

    title: str
    severity: str
    count: int


class AuditPart(Record):
    """The audit of the dataset version, without its texts."""

    made_at: str
    checks: int
    findings: tuple[FindingPart, ...]
    """Those that ask for a look."""
    notes: tuple[str, ...] = ()


class DataPart(Record):
    """The dataset version that the runs are about."""

    name: str
    task: str
    fingerprint: str
    created_at: str
    counts: dict[str, int]
    labels: tuple[str, ...]
    left_out: int = 0
    note: str = ""
    source: str = ""
    audit: AuditPart | None = None


class ComparisonPart(Record):
    """A candidate against the best on test: the test, its p-value, and the same after Holm's correction."""

    candidate: str
    test: str
    p: float
    p_holm: float | None
    detectable: float | None = None
    """The least true difference that these texts would show in four of five cases (`core.analysis.power`)."""


class PricePart(Record):
    """The price of a device, or of a model at a host, as it was used; without a row it is unknown."""

    device: str
    device_name: str
    model: str | None = None
    row: DevicePrice | TokenPrice | None = None
    batch_share: float | None = None


class GridPart(Record):
    """The electricity that CO2e was computed with, and whose runs it is about."""

    g_per_kwh: float | None
    source: str
    runs: int


class RunPart(Record):
    """A run that the figures stand on; `files` are the SHA-256 of what they are computed from."""

    run_id: str
    candidate: str
    seed: int
    train_size: int | None
    device: str
    ended_at: str
    environment: int | None
    """Its place in the record's environments."""
    settings: dict[str, Any] = {}
    otherwise: bool = False
    """A prompt that was asked in another way than the candidate: it only widens its band."""
    files: dict[str, str] = {}


class DecisionRecord(Record):
    """A decision with all that it stands on."""

    record_version: int = RECORD_VERSION
    made_at: str
    made_with: dict[str, str]
    """The release that computed and drew it."""
    data: DataPart
    decision: Decision
    scenario: Scenario | None = None
    """What was assumed about prices, electricity and serving, where that is not what was measured and priced."""
    train_size: int | str | None = "largest"
    candidates: tuple[CandidateRow, ...]
    comparisons: tuple[ComparisonPart, ...] = ()
    prices: tuple[PricePart, ...] = ()
    grids: tuple[GridPart, ...] = ()
    environments: tuple[dict[str, Any], ...] = ()
    runs: tuple[RunPart, ...] = ()
    on_front: dict[str, float | None] = {}
    """By candidate: how likely nothing is better and cheaper at once (`core.findings.fronts`); None where unknown."""
    costs: MonthlyCosts | None = None
    """What a month costs, and when paying by the token costs more; None where no price to compare with is known."""
    cleaned: dict[str, Any] | None = None
    """What the ranking becomes without doubtful texts (`core.findings.rerank`); None before the set was audited."""
    limits: tuple[str, ...] = ()
    """What the record does not say, a sentence each."""

    def row(self, candidate: str) -> CandidateRow:
        """The row of a candidate."""
        return next(row for row in self.candidates if row.candidate == candidate)

"""What an audit says: findings with their examples, label counts and length statistics, as plain records."""

from dataclasses import dataclass
from typing import Literal

from core.spec import Record

Severity = Literal["ok", "notice", "warning", "problem"]
SEVERITIES: tuple[Severity, ...] = ("ok", "notice", "warning", "problem")
"""From the least to the most pressing."""

RECORD_VERSION = 2
"""Raised when the records change, so that an older audit.json is made again."""


@dataclass(frozen=True)
class AuditSettings:
    """Limits of the checks. Lengths are in characters unless named otherwise."""

    rare_below: int = 5
    """A label with fewer training examples is rare."""
    imbalance_notice: float = 10.0
    imbalance_warning: float = 100.0
    """Most frequent label over least frequent, in training examples."""
    token_limits: tuple[int, ...] = (128, 256, 512)
    """Common limits of models; the share of longer texts is told for each."""
    token_texts: int = 20_000
    """Most texts whose tokens are counted; of more, a random sample."""
    token_characters: int = 20_000
    """Characters of a text whose tokens are counted; the rest is extrapolated."""
    crowd: int = 50
    """A group of near duplicates larger than this looks like a template and is not offered to be left out."""
    unlabelled_share: float = 0.9
    """Above this share of texts without any label or span, that is a warning."""
    surface_least: int = 3
    """How often words must be labelled before it counts that they are labelled otherwise, or not, elsewhere."""
    surface_share: float = 0.75
    """How often words must be labelled alike before another label, or none, looks odd."""
    surface_words: int = 6
    """Spans with more words are not looked for in other texts."""
    noise_texts: int = 20_000
    """Most texts whose labels are checked; of more, a random sample."""
    noise_labels: int = 300
    """Most labels that are told apart by that check, the frequent ones first."""
    noise_cells: int = 4_000_000
    """Most texts times labels of that check: bounds its time and memory."""
    noise_characters: int = 2_000
    """Characters of a text that the check reads."""
    noise_folds: int = 5
    noise_odds: float = 20.0
    """The suggested label must be this many times as likely as the label at hand."""
    noise_kappa: float = 0.1
    """Below this agreement beyond chance (Cohen's kappa) the words tell too little about the labels."""
    examples: int = 50
    """Examples of a finding that are kept with their text."""
    excerpt: int = 300
    """Characters of their texts."""


class FindingExample(Record):
    """One text of a finding. Equal `group` numbers belong together (copies of one text)."""

    id: str
    text: str
    split: str
    target: str
    shown: str = ""
    """The target in plain words."""
    detail: str | None = None
    """What in the text is meant, when it is not the whole of it."""
    group: int | None = None
    suggested: str | None = None
    """The label that the words speak for (likely wrong labels only)."""
    confidence: float | None = None
    """Likely wrong labels: probability of `suggested`. Near duplicates: similarity, 0 to 1."""


class Finding(Record):
    """One check and what it found. `count` is in the unit that the title names; 0 and severity `ok` when all is well.

    `ids` are all examples concerned, `examples` the first of them with their texts. `leave_out_ids` is what "leave
    them out" removes, and `leave_out_note` says in words what that is; empty when there is nothing to remove.
    """

    kind: str
    title: str
    explanation: str
    severity: Severity
    count: int = 0
    ids: tuple[str, ...] = ()
    examples: tuple[FindingExample, ...] = ()
    leave_out_ids: tuple[str, ...] = ()
    leave_out_note: str = ""


class LabelCount(Record):
    """Texts of one label in each split; of a label of spans, spans. The label is written as in the label set."""

    label: str
    train: int
    validation: int
    test: int


class Quantiles(Record):
    """The spread of a length: least, most, mean and percentiles."""

    least: float
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float
    p99: float
    most: float
    mean: float


class LengthStatistics(Record):
    """Lengths of the texts of a split (`all`: of every split). Tokens are those of the bundled MiniLM tokenizer."""

    split: str
    texts: int
    words: Quantiles
    tokens: Quantiles | None
    longer_than: dict[int, float]
    """Share of texts with more tokens than each limit."""
    token_bins: tuple[tuple[int, int], ...]
    """A histogram: (most tokens, texts) for bins that double: 1–2, 3–4, 5–8 …"""


class Audit(Record):
    """All that the audit of one dataset version found; `findings` with the most pressing first, then what is well."""

    dataset: str
    fingerprint: str
    made_at: str
    seconds: float
    findings: tuple[Finding, ...]
    label_counts: tuple[LabelCount, ...]
    imbalance: float | None
    """Most frequent training label over the least frequent."""
    lengths: tuple[LengthStatistics, ...]
    notes: tuple[str, ...] = ()
    """What was sampled or could not be checked."""
    record_version: int = RECORD_VERSION

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that ask for a look: all but those that are ok."""
        return tuple(finding for finding in self.findings if finding.severity != "ok")

    def finding(self, kind: str) -> Finding | None:
        """The finding of that kind, if the check was made."""
        return next((finding for finding in self.findings if finding.kind == kind), None)


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun.

    >>> counted(1, "text"), counted(1200, "text"), counted(2, "copy", "copies")
    ('1 text', '1,200 texts', '2 copies')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"

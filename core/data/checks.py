"""All checks of the audit, in turn."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from core.data import contents, overlaps
from core.data.finding import SEVERITIES, AuditSettings, Finding
from core.data.lengths import length_statistics
from core.data.material import Material

CONTENT_CHECKS = (
    contents.empty_texts, contents.unseen_labels, contents.rare_labels, contents.class_balance,
    contents.broken_characters, contents.markup, contents.wordless_texts, contents.odd_lengths,
)  # fmt: skip
OVERLAP_CHECKS = (
    overlaps.test_in_train, overlaps.validation_in_train, overlaps.two_labels, overlaps.exact_duplicates,
    overlaps.near_duplicates,
)  # fmt: skip


def run_checks(frame: pd.DataFrame, settings: AuditSettings, progress: Callable[[float, str], None]) -> dict[str, Any]:
    """The fields of an `Audit` that are found in `frame` (columns id, text, target, split)."""

    def stage(low: float, high: float, line: str) -> Callable[[float], None]:
        return lambda share: progress(low + (high - low) * share, line)

    progress(0.0, "Looking at labels and characters")
    material = Material(frame, settings, stage(0.1, 0.5, "Looking for duplicates"))
    found: list[Finding] = [finding for check in CONTENT_CHECKS for finding in check(material)]
    progress(0.1, "Looking for duplicates")
    found += [finding for check in OVERLAP_CHECKS for finding in check(material)]
    progress(0.5, "Counting words and tokens")
    lengths, long_texts, notes = length_statistics(material, stage(0.5, 0.6, "Counting words and tokens"))
    progress(0.6, "Looking for wrong labels")
    from core.data.label_noise import likely_wrong_labels

    wrong, more_notes = likely_wrong_labels(material, stage(0.6, 1.0, "Looking for wrong labels"))
    found += [*long_texts, *wrong]
    return {
        "findings": tuple(sorted(found, key=lambda finding: -SEVERITIES.index(finding.severity))),
        "label_counts": tuple(contents.label_counts(material.frame)),
        "imbalance": contents.imbalance_ratio(material.frame),
        "lengths": tuple(lengths),
        "notes": (*notes, *more_notes),
    }

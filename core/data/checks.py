"""All checks of the audit, in turn."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from core.data import contents, label_checks, overlaps, span_checks
from core.data.finding import SEVERITIES, AuditSettings, Finding
from core.data.lengths import length_statistics
from core.data.material import Material
from core.spec import TaskName
from core.tasks import get_task

CONTENT_CHECKS = (
    contents.empty_texts, label_checks.unseen_labels, label_checks.rare_labels, label_checks.class_balance,
    label_checks.joined_labels, label_checks.unlabelled_texts, span_checks.cut_words, span_checks.spaces,
    span_checks.otherwise_labelled, span_checks.not_labelled,
    contents.broken_characters, contents.markup, contents.wordless_texts, contents.odd_lengths,
)  # fmt: skip
OVERLAP_CHECKS = (
    overlaps.test_in_train, overlaps.validation_in_train, overlaps.two_labels, overlaps.exact_duplicates,
    overlaps.near_duplicates,
)  # fmt: skip


def run_checks(
    frame: pd.DataFrame,
    settings: AuditSettings,
    progress: Callable[[float, str], None],
    task: TaskName = "single_label",
) -> dict[str, Any]:
    """The fields of an `Audit` that are found in `frame` (columns id, text, target, split)."""

    def stage(low: float, high: float, line: str) -> Callable[[float], None]:
        return lambda share: progress(low + (high - low) * share, line)

    progress(0.0, "Looking at labels and characters")
    material = Material(frame, settings, stage(0.1, 0.5, "Looking for duplicates"), task)
    found: list[Finding] = [finding for check in CONTENT_CHECKS for finding in check(material)]
    progress(0.1, "Looking for duplicates")
    found += [finding for check in OVERLAP_CHECKS for finding in check(material)]
    progress(0.5, "Counting words and tokens")
    lengths, long_texts, notes = length_statistics(material, stage(0.5, 0.6, "Counting words and tokens"))
    progress(0.6, "Looking for wrong labels")
    wrong, more_notes = _wrong_labels(material, stage(0.6, 1.0, "Looking for wrong labels"))
    found += [*long_texts, *wrong]
    return {
        "findings": tuple(sorted(found, key=lambda finding: -SEVERITIES.index(finding.severity))),
        "label_counts": tuple(label_checks.label_counts(material)),
        "imbalance": label_checks.imbalance_ratio(material),
        "lengths": tuple(lengths),
        "notes": (*notes, *more_notes),
    }


def _wrong_labels(material: Material, progress: Callable[[float], None]) -> tuple[list[Finding], list[str]]:
    """Likely wrong labels where they can be looked for, and what was not."""
    task = get_task(material.task)
    notes = []
    if task.has_spans:
        notes.append("Wrong spans were looked for only by comparing places with the same words.")
    if task.text_labels == "none":
        return [], notes
    if task.text_labels == "any":
        from core.data.label_noise_each import likely_wrong_labels
    else:
        from core.data.label_noise import likely_wrong_labels
    found, told = likely_wrong_labels(material, progress)
    return found, [*told, *notes]

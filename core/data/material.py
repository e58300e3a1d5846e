"""The texts of a dataset prepared once for all checks of the audit, and how a check makes a finding of them."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core.data.dataset import nothing_to_learn
from core.data.duplicates import NearPair, connect, near_pairs, normalise
from core.data.finding import AuditSettings, Finding, FindingExample, Severity
from core.spec import TaskName
from core.tasks import Target, get_task


@dataclass(frozen=True)
class Layer:
    """Labels of one kind: of whole texts, or of spans.

    `rows` has the columns label and split, a row for each time a label is carried; its index is that of the example
    in `Material.frame`. `exclusive` means that a text carries exactly one of them. `prefix` stands before them in the
    label set, `suffix` is added to the kinds of findings.
    """

    noun: str
    unit: str
    rows: pd.DataFrame
    exclusive: bool
    prefix: str = ""
    suffix: str = ""

    @cached_property
    def in_train(self) -> pd.Series:
        """How often each label is carried in train, the most frequent first."""
        return self.rows.loc[self.rows["split"] == "train", "label"].value_counts()

    def places(self, labels: Iterable[object]) -> list[int]:
        """The index of every example that carries one of the labels, each once."""
        found = self.rows[self.rows["label"].isin(set(labels))]
        return list(dict.fromkeys(found.index))


class Material:
    """The examples with what the checks share.

    `frame` has the columns id, text, target, split and: `raw`, the text without white space at its ends; `key`, the
    normalised text; `empty`; `meaning`, equal for targets that mean the same in texts of one key; `label`, what the
    whole text carries where that is one label. Rows are in their original order.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        settings: AuditSettings,
        progress: Callable[[float], None] | None = None,
        task: TaskName = "single_label",
    ) -> None:
        frame = frame.reset_index(drop=True)
        raw = frame["text"].astype(object).map(str.strip)
        self.frame = frame.assign(raw=raw, key=raw.map(normalise), empty=(raw == ""))
        self.settings, self.task = settings, task
        self._progress = progress
        self.frame["meaning"] = self.frame["target"] if task == "single_label" else self._meanings()
        if task == "intent_slots":
            self.frame["label"] = [target.labels[0] for target in self.targets]
        elif task == "single_label":
            self.frame["label"] = self.frame["target"]

    @cached_property
    def targets(self) -> list[Target]:
        """The decoded target of every row."""
        decode = get_task(self.task).decode
        return [decode(target) for target in self.frame["target"]]

    @cached_property
    def layers(self) -> list[Layer]:
        """The labels of whole texts, then those of spans, as far as the task has them."""
        task = get_task(self.task)
        found = []
        if task.text_labels != "none":
            exclusive, both = task.text_labels == "one", task.has_spans
            rows = self._carried([target.labels for target in self.targets])
            found.append(Layer("intent" if both else "label", "text", rows, exclusive, "intent:" if both else ""))
        if task.has_spans:
            rows = self._carried([[span.label for span in target.spans] for target in self.targets])
            slots = task.text_labels != "none"
            found.append(
                Layer("slot", "span", rows, False, "slot:", "_slots") if slots
                else Layer("label", "span", rows, False)
            )  # fmt: skip
        return found

    def _carried(self, labels: Sequence[Sequence[str]]) -> pd.DataFrame:
        places = [place for place, carried in enumerate(labels) for _ in carried]
        carried = pd.Series([label for each in labels for label in each], index=places, dtype=object)
        return pd.DataFrame({"label": carried, "split": self.frame["split"].to_numpy()[places]}, index=places)

    def _meanings(self) -> list[str]:
        """Labels with the normalised words that they stand on: offsets differ where only white space does."""
        return [
            json.dumps([target.labels, [(span.label, normalise(text[span.start : span.end])) for span in target.spans]])
            for text, target in zip(self.frame["text"], self.targets, strict=True)
        ]

    @cached_property
    def filled(self) -> pd.DataFrame:
        """The rows with a text."""
        return self.frame[~self.frame["empty"]]

    @cached_property
    def keys(self) -> list[str]:
        """The distinct normalised texts, in order."""
        return list(dict.fromkeys(self.filled["key"]))

    @cached_property
    def near(self) -> list[NearPair]:
        """Near duplicates among `keys`."""
        return near_pairs(self.keys, progress=self._progress)

    @cached_property
    def component(self) -> pd.Series:
        """The number of each filled row's group of near duplicates."""
        numbers = dict(zip(self.keys, connect(len(self.keys), self.near), strict=True))
        return self.filled["key"].map(numbers)

    def of(self, split: str) -> pd.DataFrame:
        """The rows of a split that have a text."""
        return self.filled[self.filled["split"] == split]

    def finding(
        self,
        kind: str,
        title: str,
        explanation: str,
        severity: Severity,
        rows: pd.DataFrame,
        leave_out: pd.DataFrame | None = None,
        leave_out_note: str = "",
        count: int | None = None,
    ) -> Finding:
        """A finding about `rows`, which may carry the columns group, suggested, confidence and detail.

        `leave_out` are the rows to remove; it is dropped when too little would remain to learn from or to test on.
        """
        left_out = leave_out if leave_out is not None and self._leavable(leave_out) else self.frame.iloc[:0]
        return Finding(
            kind=kind, title=title, explanation=explanation, severity=severity,
            count=len(rows) if count is None else count, ids=tuple(rows["id"]),
            examples=tuple(self._examples(rows)), leave_out_ids=tuple(left_out["id"]),
            leave_out_note=leave_out_note if len(left_out) else "",
        )  # fmt: skip

    def well(self, kind: str, title: str, explanation: str = "") -> Finding:
        """The finding of a check that found nothing wrong."""
        return Finding(kind=kind, title=title, explanation=explanation, severity="ok")

    def _examples(self, rows: pd.DataFrame) -> list[FindingExample]:
        extra = [column for column in ("group", "suggested", "confidence", "detail") if column in rows.columns]
        shown = rows.head(self.settings.examples)[["id", "text", "split", "target", *extra]]
        records = shown.astype(object).where(shown.notna(), None).to_dict("records")
        shown_as = get_task(self.task).shown
        return [
            FindingExample(
                **{**record, "text": self._excerpt(record["text"]), "shown": shown_as(record["target"], record["text"])}
            )
            for record in records
        ]

    def _excerpt(self, text: str) -> str:
        return text if len(text) <= self.settings.excerpt else text[: self.settings.excerpt].rstrip() + " …"

    def _leavable(self, gone: pd.DataFrame) -> bool:
        kept = self.frame[~self.frame["id"].isin(set(gone["id"]))]
        splits = set(kept["split"])
        lacking = nothing_to_learn(self.task, kept.loc[kept["split"] == "train", "target"].tolist())
        return {"train", "validation", "test"} <= splits and lacking is None


def numbered(groups: Sequence[object] | pd.Series) -> np.ndarray:
    """Group numbers counted from 0 in order of first appearance, shape (rows,)."""
    return pd.factorize(pd.Series(list(groups), dtype=object))[0]

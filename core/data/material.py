"""The texts of a dataset prepared once for all checks of the audit, and how a check makes a finding of them."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from core.data.duplicates import NearPair, connect, near_pairs, normalise
from core.data.finding import AuditSettings, Finding, FindingExample, Severity


class Material:
    """The examples with what the checks share. `frame` has the columns id, text, target, split, raw, key, empty.

    `raw` is the text without white space at its ends, `key` the normalised text; rows are in their original order.
    """

    def __init__(
        self, frame: pd.DataFrame, settings: AuditSettings, progress: Callable[[float], None] | None = None
    ) -> None:
        frame = frame.reset_index(drop=True)
        raw = frame["text"].astype(object).map(str.strip)
        self.frame = frame.assign(raw=raw, key=raw.map(normalise), empty=(raw == ""))
        self.settings = settings
        self._progress = progress

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
        """A finding about `rows`, which may carry the columns group, suggested and confidence.

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
        extra = [column for column in ("group", "suggested", "confidence") if column in rows.columns]
        shown = rows.head(self.settings.examples)[["id", "text", "split", "target", *extra]]
        records = shown.astype(object).where(shown.notna(), None).to_dict("records")
        return [FindingExample(**{**record, "text": self._excerpt(record["text"])}) for record in records]

    def _excerpt(self, text: str) -> str:
        return text if len(text) <= self.settings.excerpt else text[: self.settings.excerpt].rstrip() + " …"

    def _leavable(self, gone: pd.DataFrame) -> bool:
        kept = self.frame[~self.frame["id"].isin(set(gone["id"]))]
        splits = set(kept["split"])
        return {"train", "validation", "test"} <= splits and kept[kept["split"] == "train"]["target"].nunique() > 1


def numbered(groups: Sequence[object] | pd.Series) -> np.ndarray:
    """Group numbers counted from 0 in order of first appearance, shape (rows,)."""
    return pd.factorize(pd.Series(list(groups), dtype=object))[0]

"""Figures that others published, for reference: with their source, and never part of a comparison or a ranking.

They stand on other people's data, splits and settings, so they place a result, they do not compete with it.
`published.csv` holds the facts; its column `grade` says `reported` (in the paper) or `second-hand` (from a summary).
"""

import csv
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from core.spec import Record

DATA = Path(__file__).with_name("published.csv")
TASKS: dict[str, tuple[str, ...]] = {
    "single label": ("single_label",),
    "token labels": ("token_labels",),
    "intent + slots": ("intent_slots",),
}
METRICS = {
    "accuracy": ("accuracy", "intent_accuracy"),
    "F1": ("slot_f1", "f1"),
    "weighted F1": ("weighted_f1",),
    "span micro-F1": ("f1", "slot_f1"),
    "task metric of the paper (F1, accuracy or macro-F1)": ("accuracy", "macro_f1", "f1"),
}
"""The metrics of this project that a published one is shown beside; minutes of training are beside none."""
ALIASES = {"massive": "massiveenus", "tfsn": "twitterfinancialnews", "fpb": "financialphrasebank", "sst": "sst2"}
ENCODERS = ("roberta", "bert")
CLOSED = ("gpt-3", "gpt-4", "chatgpt", "davinci")


class PublishedResult(Record):
    """One published figure. `value` and `spread` are as printed: percent, or minutes; spread is ± over repeats."""

    source: str
    year: int
    task: str
    dataset: str
    model: str
    method: str
    metric: str
    value: float
    spread: float | None = None
    grade: str
    note: str = ""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that the figure may be shown beside."""
        return METRICS.get(self.metric, ())

    @property
    def family(self) -> str:
        """The family of the candidate, as charts colour it."""
        model = self.model.lower()
        if any(name in model for name in ENCODERS) and "gpt" not in model:
            return "encoder"
        if any(word in self.method for word in ("LoRA", "fine-tune")):
            return "finetuned_llm"
        return "api" if any(name in model for name in CLOSED) else "prompted_llm"

    @property
    def name(self) -> str:
        """Model and method in a few words."""
        return f"{self.model}, {re.sub(r' [(].*', '', self.method)}"

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks it belongs to: intents alone are a single label, slots alone are labelled spans."""
        alone = {"intent": ("single_label",), "slots": ("token_labels",)}.get(self.dataset.rsplit(" ", 1)[-1], ())
        return (*TASKS[self.task], *alone)


@lru_cache(maxsize=1)
def published() -> Sequence[PublishedResult]:
    """Every published figure that is known here."""
    with DATA.open(encoding="utf-8", newline="") as file:
        return tuple(
            PublishedResult(**{**row, "spread": row["spread"] or None})  # type: ignore[arg-type]
            for row in csv.DictReader(file)
        )


def published_for(task: str, dataset: str, metric: str | None = None) -> list[PublishedResult]:
    """The figures on the set that `dataset` is named after, on its task; with `metric` only those it is shown beside.

    `wnut17`, `WNUT-2017-small` and `wnut_17` are all named after WNUT 2017; years are told with two or four digits.
    """
    named = _spoken(dataset)
    return [
        found
        for found in published()
        if task in found.tasks and (metric is None or metric in found.metrics) and _key(found.dataset) in named
    ]


def _spoken(name: str) -> set[str]:
    """Every run of words in a name, joined: `ag_news-small` says ag, news, small, agnews, newssmall, agnewssmall."""
    words = [part for part in re.split(r"[^a-z0-9]+", _short_years(name)) if part]
    spoken = {"".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1)}
    return spoken | {ALIASES[word] for word in words if word in ALIASES}


def _key(published_name: str) -> str:
    """The name of a published set without what stands in brackets or behind a comma, and which part of it is meant."""
    bare = re.sub(r"[(,].*", "", published_name).strip()
    bare = re.sub(r" (intent|slots)$", "", bare)
    return re.sub(r"[^a-z0-9]", "", _short_years(bare))


def _short_years(name: str) -> str:
    return re.sub(r"(?<!\d)20(\d\d)(?!\d)", r"\1", name.lower())

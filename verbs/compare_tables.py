"""Candidates beside each other as a person reads them on the command line."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from core import format as f
from core.analysis.cheapness import MEASURES
from core.analysis.compare import Difference
from core.analysis.decision_words import span_told
from core.findings.comparing_words import VERDICTS
from core.metric_words import metric_name, metric_quality, metric_show

MOST_LABELS = 20


def compared(console: Console, answer: Mapping[str, Any]) -> None:
    """Scores, differences, agreement, labels, settings and texts of candidates side by side."""
    names = [row["candidate"] for row in answer["candidates"]]
    console.print(f"{answer['dataset']}, {answer['texts']:,} test texts that all of them answered", markup=False)
    _columns(console, "", names, _scores(answer))
    _rows(console, ("candidate", "against", "difference", "p, all pairs", "test", "so it is"), _pairs(answer))
    _rows(console, ("candidate", "against", "both right", "only it", "only other", "both wrong"), _agreement(answer))
    _columns(console, "F1 of label (texts)", names, _labels(answer))
    _columns(console, "set differently", names, [
        (row["setting"], [_said(row["values"], name) for name in names]) for row in answer["settings"] if row["shared"]
    ])  # fmt: skip
    for text in answer["disagreements"]:
        console.print(f"\n{f.shorten(text['text'], 200)}  [{f.shorten(text['target'])}]", markup=False)
        for name in names:
            given = text["answers"][name]
            sign = "+" if text["right"][name] else "-"
            console.print(f"  {sign} {name}: {f.shorten('(unreadable)' if given is None else given)}", markup=False)


def figure_told(name: str, value: float | None, metric: str) -> str:
    """A figure of the front in its unit."""
    return metric_show(metric)(value) if name == "quality" else MEASURES[name].show(value)  # type: ignore[index]


def _scores(answer: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    rows = answer["candidates"]
    metric = answer["metric"]
    quality = [metric_quality(metric, row["quality"], row["quality_low"], row["quality_high"]) for row in rows]
    others = [(metric_name(name), [metric_show(name)(row["metrics"].get(name)) for row in rows])
              for name in rows[0]["metrics"] if name != metric]  # fmt: skip
    return [
        (metric_name(metric), quality), *others,
        ("Cost per 1,000 texts", [f.exact_usd(row["usd_per_1k"]) for row in rows]),
        ("Energy per 1,000 texts", [f"{f.energy(row['kwh_per_1k'])}, {row['energy_provenance']}" for row in rows]),
        ("95 of 100 texts within", [f.milliseconds(row["latency_p95_ms"]) for row in rows]),
        ("Memory while answering", [f.memory(row["memory_bytes"]) for row in rows]),
        ("Time to fit", [f.duration(row["fit_seconds"]) for row in rows]),
    ]  # fmt: skip


def _pairs(answer: Mapping[str, Any]) -> list[list[str]]:
    return [
        [pair["a"], pair["b"], span_told(Difference(pair["value"], pair["low"], pair["high"], pair["n"]),
                                         answer["metric"]),
         f.p_value(pair["p_holm"]), pair["test"], VERDICTS[pair["verdict"]]]
        for pair in answer["pairs"]
    ]  # fmt: skip


def _agreement(answer: Mapping[str, Any]) -> list[list[str]]:
    counts = ("both_right", "only_a", "only_b", "both_wrong")
    return [[pair["a"], pair["b"], *(f"{pair[name]:,}" for name in counts)] for pair in answer["agreement"]]


def _labels(answer: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    names = [row["candidate"] for row in answer["candidates"]]
    return [
        (f"{row['label']} ({row['support']:,})", [metric_quality("f1", *row["f1"][name]) for name in names])
        for row in answer["labels"][:MOST_LABELS]
    ]


def _said(values: Mapping[str, Any], name: str) -> str:
    return "" if name not in values else "none" if values[name] is None else str(values[name])


def _columns(console: Console, first: str, names: Sequence[str], rows: Sequence[tuple[str, list[str]]]) -> None:
    if rows:
        _rows(console, (first, *names), [[name, *cells] for name, cells in rows])


def _rows(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        table.add_column(title.replace("[", r"\["), overflow="fold")
    for row in rows:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    console.print()
    console.print(table)

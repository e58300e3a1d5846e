"""What the command line prints when a person reads it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from core.metric_words import metric_name, metric_quality, metric_short, metric_show
from verbs.columns import COLUMNS, EMPTY, Column, plain
from verbs.compare_tables import compared
from verbs.race_tables import raced

PIPED_WIDTH = 220
"""Columns of a file or pipe, where nothing needs to be folded."""
MOST_REPORT_ROWS = 40
OTHER_METRICS = 2
"""How many metrics of the task stand beside the one that candidates are ranked by."""


def show(verb: str, answer: Any, told: str = "") -> None:
    """Print the answer of a verb, and what is told about it."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    if verb in ("import", "derive"):
        _imported(console, answer)
    elif verb == "audit":
        for finding in answer["findings"]:
            console.print(f"{finding['severity']:>8}  {finding['title']}", markup=False)
        for note in answer["notes"]:
            console.print(f"    note  {note}", markup=False)
    elif verb == "power":
        _table(console, verb, answer["candidates"])
    elif verb == "report" and "labels" in answer:
        _report(console, answer)
    elif verb == "verify":
        console.print(f"{answer['file']}: decision about {answer['dataset']}, made {answer['made_at'][:16]}, "
                      f"sha256:{answer['hash']}", markup=False)  # fmt: skip
    elif verb == "compare":
        compared(console, answer)
    elif verb == "race" and "standings" in answer:
        raced(console, answer)
    elif isinstance(answer, list):
        _table(console, verb, answer)
    else:
        for key, value in answer.items():
            console.print(f"{key}: {value}", markup=False)
    if told:
        console.print(f"\n{told}", markup=False)


def _imported(console: Console, info: Mapping[str, Any]) -> None:
    splits = ", ".join(f"{count:,} {split}" for split, count in info["counts"].items())
    console.print(f"{info['name']}: {splits}; {len(info['labels'])} labels; version {info['fingerprint']}")
    source = info["source"]
    if "task_guessed" in source:
        console.print(f"  read as {info['task']}: {source['task_guessed']}; --task names another", markup=False)
    for warning in source.get("warnings", []):
        console.print(f"  note: {warning}", markup=False)


def _report(console: Console, answer: Mapping[str, Any]) -> None:
    console.print(
        f"{answer['candidate']} on {answer['dataset']}, {answer['texts']:,} {answer['split']} texts", markup=False
    )
    for score in answer["scores"]:
        quality = metric_quality(score["metric"], score["value"], score["low"], score["high"])
        console.print(f"  {metric_name(score['metric'])}: {quality}", markup=False)
    for name, texts in answer.get("agreement", {}).items():
        console.print(f"  {name}: {texts:,} texts", markup=False)
    occurring = [row for row in answer["labels"] if row["support"] or row["predicted"]]
    for part, rows in {"labels": occurring, **{part: answer.get(part) for part in ("spans", "confusions")}}.items():
        if rows:
            console.print()
            _table(console, part, rows[:MOST_REPORT_ROWS])
            if len(rows) > MOST_REPORT_ROWS:
                console.print(f"… and {len(rows) - MOST_REPORT_ROWS} more; --json shows all.")


def _table(console: Console, verb: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        console.print(EMPTY.get(verb, "Nothing."))
        return
    columns = COLUMNS.get(verb) or [(key, plain(key)) for key in rows[0]]
    if verb == "results":
        columns = [columns[0], *_quality_columns(rows[0]), *columns[1:]]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title, _ in columns:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(cell(row).replace("[", r"\[") for _, cell in columns))
    console.print(table)


def _quality_columns(first: Mapping[str, Any]) -> list[Column]:
    """The metric that rows are ranked by with its interval, and those of the task that say most beside it."""
    ranked = first["metric"]
    others = [name for name in first["metrics"] if name != ranked][:OTHER_METRICS]

    def quality(row: Mapping[str, Any]) -> str:
        return metric_quality(ranked, row["quality"], row["quality_low"], row["quality_high"])

    def cell(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda row: metric_show(name)(row["metrics"].get(name))

    return [(metric_short(ranked), quality), *((metric_short(name), cell(name)) for name in others)]

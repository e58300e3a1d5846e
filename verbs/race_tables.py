"""A race as the command line shows it: where each candidate stands, and what was decided."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from core import format as f
from core.metric_words import metric_quality, metric_short

MARKS = {"finished": "✓", "running": "▶", "in": "·", "waiting": "○", "dropped": "–", "unaffordable": "$", "failed": "✗"}
QUIET = ("started", "round")
Row = Mapping[str, Any]


def raced(console: Console, answer: Row) -> None:
    """Print a race."""
    console.print(headline(answer), markup=False)
    console.print(standings(answer))
    console.print()
    for event in answer["events"]:
        console.print(told(event), markup=False)
    for line in sums(answer):
        console.print(line, markup=False)


def headline(answer: Row) -> str:
    """The race, where it is and what it has spent, in a line."""
    race, budget = answer["race"], answer["race"]["budget"]
    limits = [f"{budget[name]:g} {word}" for name, word in (("minutes", "minutes"), ("usd", "USD"), ("kwh", "kWh"))
              if budget[name] is not None]  # fmt: skip
    within = f" of {', '.join(limits)}" if limits else ""
    where = f"round {answer['round'] + 1} of {answer['rounds']}" if answer["status"] == "running" else answer["status"]
    return f"{race['id']}: {where}, {amount(answer['spent'])}{within} spent"


def standings(answer: Row) -> Table:
    """A row a candidate, the likeliest winner first."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    columns = ("", "candidate", "is", metric_short(answer["metric"]), "chance", "texts", "checked on", "spent", "saved")
    for title in columns:
        table.add_column(title, overflow="fold")
    for row in answer["standings"]:
        table.add_row(*(cell.replace("[", r"\[") for cell in _cells(answer, row)))
    return table


def _cells(answer: Row, row: Row) -> tuple[str, ...]:
    quality = row["quality"]
    shown = "" if quality is None else metric_quality(answer["metric"], quality, row["low"], row["high"])
    saved = row["saved"]["seconds"]
    return (
        MARKS[row["position"]], row["candidate"], row["position"], shown,
        "" if row["chance"] is None else f.chance(row["chance"]), f.number(row["texts"]) if row["texts"] else "–",
        f.number(row["validated"]) if row["validated"] else "–", f.duration(row["spent"]["seconds"] or 0.0),
        f.duration(saved) if saved else "",
    )  # fmt: skip


def told(event: Row) -> str:
    """What was decided, in a line."""
    who = f"{event['candidate']}: " if event["candidate"] else ""
    what = "" if event["what"] in (*QUIET, "finished") else f"{event['what'].replace('_', ' ')} "
    chance = f" (chance of being missed {f.chance(event['chance'])})" if event["chance"] is not None else ""
    return f"{event['at'][11:19]}  {what}{who}{event['why']}{chance}"


def sums(answer: Row) -> Sequence[str]:
    """What was spent beside the full grid, the risk taken, and what was reused."""
    grid, spent = answer["full_grid"]["seconds"], answer["spent"]["seconds"]
    lines = []
    if grid and spent is not None:
        share = f" ({100 * spent / grid:.0f} %)"
        lines.append(f"All candidates and seeds on all texts would take {f.duration(grid)}; the race took "
                     f"{f.duration(spent)}{share}.")  # fmt: skip
    lines.append(f"Risk taken of having stopped the one looked for: {f.chance(answer['risk_taken'])}, of at most "
                 f"{f.chance(answer['race']['rules']['risk'])}.")  # fmt: skip
    if answer["reused"]:
        lines.append(f"Reused, and not counted: {', '.join(answer['reused'])}.")
    return lines


def amount(spent: Row) -> str:
    """Time, money and energy, as far as they are known."""
    said = [f.duration(spent["seconds"])] if spent["seconds"] is not None else []
    said += [f.usd(spent["usd"])] if spent["usd"] is not None else []
    said += [f.energy(spent["kwh"])] if spent["kwh"] is not None else []
    return ", ".join(said) or "an unknown amount"

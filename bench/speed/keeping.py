"""Timings kept as JSON, a part beside the others, and told as a Markdown table."""

import json
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.speed.timing import BUSY_LIMIT, Timing, agreement

TOLD = ("torch", "transformers", "peft", "lm-eval", "trl", "openvino", "llama-cpp-python", "mlflow")
HEAD = (
    "| what | who | per second, median (range) | ours is | goal | quality | same answers | others' share of cores |\n"
    "|---|---|---|---|---|---|---|---|"
)
Row = dict[str, Any]


def row(timing: Timing, ours: Timing, goal: float | None) -> Row:
    """What is kept of one contender beside ours; `goal` is how many times as fast ours is to be."""
    kept = asdict(timing)
    kept["outcome"].pop("answers")
    beside = timing is not ours
    same = agreement(ours.outcome, timing.outcome) if beside else None
    ratio = ours.rate / timing.rate if beside else None
    return {
        **kept,
        "rate": timing.rate,
        "rates": timing.rates,
        "busy": timing.busy,
        "ratio": ratio,
        "goal": goal,
        "same": same,
    }


def keep(
    path: Path, part: str, timings: list[Timing], goals: Sequence[float | None], most: float | None = None
) -> list[Row]:
    """Write a part into the file, beside the parts of earlier calls, with the machine and the versions of now.

    `most`: the seconds that ours may take, where one thing takes seconds.
    """
    beside = [None, *goals, *[None] * len(timings)]
    rows = [{**row(timing, timings[0], goal), "most": most} for timing, goal in zip(timings, beside, strict=False)]
    content = json.loads(path.read_text()) if path.exists() else {}
    content[part] = {"at": time.strftime("%Y-%m-%d %H:%M"), "machine": machine(), "versions": versions(), "rows": rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1))
    return rows


def lines(part: str, rows: list[Row]) -> Iterator[str]:
    """A Markdown row a contender."""
    for one in rows:
        quality = ", ".join(f"{name} {value:.3g}" for name, value in one["outcome"]["quality"].items())
        rates = f"{one['rate']:,.4g} ({min(one['rates']):,.4g}–{max(one['rates']):,.4g})"
        if most := one.get("most"):
            seconds = sorted(one["seconds"])
            rates = f"{statistics.median(seconds):.3g} s ({seconds[0]:.3g}–{seconds[-1]:.3g})"
        ratio = "" if one["ratio"] is None else f"{one['ratio']:.2f}×"
        same = "" if one["same"] is None else f"{one['same']:.1%}"
        busy = f"{one['busy']:.0%}" + (" (not quiet)" if one["busy"] > BUSY_LIMIT else "")
        goal = "" if one["goal"] is None else f"≥ {one['goal']:g}×"
        if most and one["ratio"] is None:
            goal = f"≤ {most:g} s"
        yield f"| {part} | {one['name']} | {rates} | {ratio} | {goal} | {quality} | {same} | {busy} |"


def told(path: Path, part: str) -> Iterator[str]:
    """The rows of a part that is kept; none where it is not."""
    content = json.loads(path.read_text()) if path.exists() else {}
    yield from lines(part, content[part]["rows"]) if part in content else ()


def table(path: Path, parts: Sequence[str]) -> str:
    """All parts that are kept."""
    return "\n".join([HEAD, *(line for part in parts for line in told(path, part))])


def machine() -> str:
    """The processor's name and its cores, without the name of the host."""
    name = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        lines = listed.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"


def versions() -> dict[str, str]:
    """Of what is compared, where it is installed."""
    found = {}
    for name in TOLD:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

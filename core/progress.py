"""How far a run is, read from the end of its progress events."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core import files
from core import format as f
from core.runs import RunFolder

TAIL_BYTES = 64 * 1024
RECENT_SECONDS = 30.0
PHASES: dict[str, tuple[float, float]] = {
    "prepare": (0.0, 0.02), "fit": (0.02, 0.70), "predict": (0.70, 0.96), "latency": (0.96, 0.99), "score": (0.99, 1.0)
}  # fmt: skip
"""From where to where each phase takes the bar of a candidate that is trained."""
UNTRAINED = {"fit": (0.02, 0.05), "predict": (0.05, 0.94), "latency": (0.94, 0.99)}
"""The same for a prompt: all its work is answering."""
WORDS = {
    "prepare": "loading",
    "fit": "fitting",
    "predict": "answering",
    "latency": "timing single texts",
    "score": "scoring",
}


@dataclass(frozen=True)
class RunProgress:
    """Where a run is: its share of the whole 0…1, and in its phase `done` of `total` steps or texts."""

    status: str
    share: float
    phase: str
    line: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


def summary(folder: RunFolder) -> RunProgress:
    """The progress of a run, in words and as a share."""
    state = folder.state
    status = state.status if state else "queued"
    if state is None or status != "running":
        shares = {"finished": 1.0}
        lines = {"queued": "waiting", "finished": "finished", "failed": "failed", "cancelled": "cancelled"}
        return RunProgress(status, shares.get(status, 0.0), status, (state and state.reason) or lines[status])
    events = [
        event for event in tail(folder.path / "progress.jsonl") if event.get("at", "") >= (state.started_at or "")
    ]
    if not events:
        return RunProgress(status, 0.0, "prepare", "starting")
    return _running(events, trained=folder.spec.candidate.method != "prompt")


def curves(folder: RunFolder, most: int = 500) -> dict[str, list[dict[str, Any]]]:
    """`{"loss": events, <metric>: events, …}` of the fit, each thinned to at most `most` points."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in folder.progress():
        if event.get("phase") == "fit":
            if event.get("loss") is not None:
                found.setdefault("loss", []).append(event)
            if "metric" in event:
                found.setdefault(event["metric"], []).append(event)
    return {name: events[:: max(1, -(-len(events) // most))] for name, events in found.items()}


def tail(path: Path) -> list[dict[str, Any]]:
    """The last events of a progress file, which may be large."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            block = file.read()
    except FileNotFoundError:
        return []
    events = []
    for line in block.split(b"\n")[1 if size > TAIL_BYTES else 0 :]:
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return [event for event in events if isinstance(event, dict) and "phase" in event]


def _running(events: Sequence[dict[str, Any]], trained: bool) -> RunProgress:
    last = events[-1]
    phase, done, total = last["phase"], int(last.get("step", 0)), int(last.get("steps", 0))
    low, high = (PHASES if trained else {**PHASES, **UNTRAINED}).get(phase, (0.0, 1.0))
    within = min(done / total, 1.0) if total else 0.0
    line = WORDS.get(phase, phase)
    if phase == "fit" and last.get("epoch"):
        line += f", epoch {last['epoch']:.1f}"
    elif phase in ("predict", "latency") and total:
        line += f", {done:,} of {total:,} texts"
    left = _seconds_left(events, phase, within, high - low, 1.0 - high)
    if left is not None:
        line += f" · {f.duration(left)} left"
    return RunProgress("running", low + within * (high - low), phase, line, done, total, left)


def _seconds_left(
    events: Sequence[dict[str, Any]], phase: str, within: float, width: float, after: float
) -> float | None:
    """From the recent rate of this phase; later phases are taken to last in proportion to their width of the bar."""
    same = [event for event in events if event["phase"] == phase and event.get("steps")]
    if len(same) < 2 or within >= 1.0:
        return None
    end = _moment(same[-1])
    recent = [event for event in same if end - _moment(event) <= RECENT_SECONDS]
    seconds, steps = end - _moment(recent[0]), same[-1]["step"] - recent[0]["step"]
    if seconds <= 0 or steps <= 0:
        return None
    whole = seconds / steps * same[-1]["steps"]
    since = max(0.0, _moment({"at": files.now()}) - end)
    return max(0.0, whole * (1 - within) - since) + whole * after / width


def _moment(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()

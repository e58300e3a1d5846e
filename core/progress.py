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
from core.home import Home
from core.reconcile import open_runs
from core.runs import RunFolder, State

TAIL_BYTES = 64 * 1024
RECENT_SECONDS = 30.0
RECENT_EVENTS = 5
PHASES: dict[str, tuple[float, float]] = {
    "prepare": (0.0, 0.02), "fit": (0.02, 0.70), "predict": (0.70, 0.96), "latency": (0.96, 0.99), "score": (0.99, 1.0)
}  # fmt: skip
"""From where to where each phase takes the bar of a candidate that is trained."""
UNTRAINED = {"fit": (0.02, 0.05), "predict": (0.05, 0.94), "latency": (0.94, 0.99)}
"""The same for a prompt: all its work is answering."""
WORDS = {
    "prepare": "loading", "fit": "fitting", "predict": "answering", "latency": "timing single texts",
    "score": "scoring",
}  # fmt: skip
WORDS_AT_REST = {
    "queued": "waiting",
    "paused": "set aside",
    "finished": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
}
Event = dict[str, Any]


@dataclass(frozen=True)
class RunProgress:
    """Where a run is: its share of the whole 0…1, and in its phase `done` of `total` steps or texts.

    `status` is the state's word, or `interrupted`: marked as running, or queued again, after its process died.
    `line` says it in words, with the time left where that can be told.
    """

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
    if state and status == "running":
        reached = _running(folder)
        if folder.is_executing:
            return reached
        line = "interrupted; it resumes from where it was"
        return RunProgress("interrupted", reached.share, reached.phase, line, reached.done, reached.total)
    if state and status == "queued" and state.reason:
        return RunProgress("interrupted", _running(folder).share, "queued", state.reason)
    line = (state and state.reason) or WORDS_AT_REST[status]
    return RunProgress(status, 1.0 if status == "finished" else 0.0, status, line)


def queue_line(home: Home) -> str:
    """What runs, how far it is and how many wait, in one line: `minilm-full 62 %, 3 min left · 2 waiting`."""
    states = open_runs(home)
    said = [_said(folder) for folder, state in _in_order(states) if state.status == "running"]
    waiting = sum(state.status == "queued" for _, state in states)
    return " · ".join([*said, *([f"{waiting:,} waiting"] if waiting else [])]) or "Nothing is running"


def curves(folder: RunFolder, most: int = 500) -> dict[str, list[Event]]:
    """`{"loss": events, <metric>: events, …}` of the fit, each thinned to at most `most` points.

    The first and the last point are kept. Steps that were repeated after an interruption are told once, as repeated.
    """
    found: dict[str, dict[Any, Event]] = {}
    for place, event in enumerate(files.read_jsonl(folder.path / "progress.jsonl")):
        if event.get("phase") != "fit":
            continue
        names = ["loss"] if event.get("loss") is not None else []
        for name in [*names, *([event["metric"]] if event.get("metric") else [])]:
            found.setdefault(name, {})[event.get("step", -place)] = event
    return {name: _thinned(list(events.values()), most) for name, events in found.items()}


def tail(path: Path) -> list[Event]:
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


def _running(folder: RunFolder) -> RunProgress:
    events = _of_last_attempt(tail(folder.path / "progress.jsonl"))
    if not events:
        return RunProgress("running", 0.0, "prepare", "starting")
    last, candidate = events[-1], folder.spec.candidate
    phase, done, total = str(last["phase"]), _count(last.get("step")), _count(last.get("steps"))
    phases = {**PHASES, **UNTRAINED} if candidate.method in ("prompt", "api-prompt") else PHASES
    low, high = phases.get(phase, (0.0, 1.0))
    within = min(done / total, 1.0) if total else 0.0
    left = _seconds_left(events, phase, within, (1.0 - high) / (high - low))
    line = _words(last, phase, done, total, candidate.settings.get("epochs"))
    if left is not None:
        line += f" · {f.duration(left)} left"
    return RunProgress("running", low + within * (high - low), phase, line, done, total, left)


def _words(last: Event, phase: str, done: int, total: int, epochs: Any) -> str:
    line = WORDS.get(phase, phase)
    if phase == "fit" and last.get("epoch") is not None and epochs:
        whole = max(1, -(-epochs // 1))
        return f"{line}, epoch {min(int(last['epoch']) + 1, int(whole))} of {f.number(epochs)}"
    if phase in ("predict", "latency") and total:
        return f"{line}, {done:,} of {total:,} texts"
    return line


def _of_last_attempt(events: list[Event]) -> list[Event]:
    """Each attempt begins with the event of step 0 of `prepare`. Times do not tell: the clock may have been set."""
    for place in range(len(events) - 1, -1, -1):
        if events[place]["phase"] == "prepare" and not events[place].get("step"):
            return events[place:]
    return events


def _seconds_left(events: Sequence[Event], phase: str, within: float, after: float) -> float | None:
    """From the recent rate of this phase; the later phases are taken to last `after` times as long as all of it."""
    same = [event for event in events if event["phase"] == phase and event.get("steps") == events[-1].get("steps")]
    recent = _recent(same)
    if len(recent) < 2 or within >= 1.0:
        return None
    end = _moment(recent[-1])
    seconds, steps = end - _moment(recent[0]), _count(recent[-1].get("step")) - _count(recent[0].get("step"))
    if seconds <= 0 or steps <= 0:
        return None
    whole = seconds / steps * _count(recent[-1].get("steps"))
    since = max(0.0, _moment({"at": files.now()}) - end)
    return max(0.0, whole * (1 - within) - since) + whole * after


def _recent(events: Sequence[Event]) -> list[Event]:
    """The last half minute of events, or the last few; none from before the clock was set back."""
    found: list[Event] = []
    for event in reversed(events):
        moment, next_moment = _moment(event), _moment(found[-1]) if found else None
        if next_moment is not None and moment > next_moment:
            break
        if len(found) >= RECENT_EVENTS and _moment(found[0]) - moment > RECENT_SECONDS:
            break
        found.append(event)
    return found[::-1]


def _thinned(events: list[Event], most: int) -> list[Event]:
    if len(events) <= most:
        return events
    return [events[round(place * (len(events) - 1) / (most - 1))] for place in range(most)]


def _said(folder: RunFolder) -> str:
    progress = summary(folder)
    left = f", {f.duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{folder.spec.label} {100 * progress.share:.0f} %{left}"


def _in_order(states: list[tuple[RunFolder, State]]) -> list[tuple[RunFolder, State]]:
    return sorted(states, key=lambda row: (row[1].queued_at, row[0].run_id))


def _count(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _moment(event: Event) -> float:
    try:
        return datetime.fromisoformat(event["at"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return 0.0

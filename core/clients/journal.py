"""What was asked and paid for, on disk before anything is counted: a run that goes on pays for no answer twice.

Each line of the journal is a request that was sent, the answer that came, or the failure that came instead. A request
that was sent and of which nothing more is told was in flight when the run was killed: it may have been billed.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core import files
from core.methods.base import Tokens

INTERRUPTED = "in flight when the run was interrupted"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers to a request.

    `tokens` holds, for each token written, its text, its log-probability and the likeliest alternatives with theirs;
    None where the endpoint tells none.
    """

    text: str
    finish: str = ""
    refusal: str = ""
    tokens: list[tuple[str, float, list[tuple[str, float]]]] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request: its choices, what was billed (None: not told) and how long it took."""

    choices: list[Choice]
    tokens: Tokens | None
    seconds: float
    model: str = ""
    attempts: int = 1


@dataclass
class Journal:
    """The requests of one run. Without a path they are kept in memory only. May be used by several threads."""

    path: Path | None = None
    keeps: bool = True
    """False where the same question may be asked, and paid, again: answers are not remembered."""
    goes_on: bool = True
    """False for a reader of another run's journal: it writes nothing."""
    answers: dict[str, Answer] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    """The phase that each answered request belongs to."""
    failures: Counter[str] = field(default_factory=Counter)
    """How often each kind of failure came, `429`, `timeout`, …"""
    lost: Counter[str] = field(default_factory=Counter)
    """Requests that may have been billed though no answer was kept, by how that came about."""
    lost_usd: float = 0.0
    """The most that these may have cost."""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        if self.path is not None and self.goes_on:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path is not None:
            self._read(self.path)

    def sent(self, key: str, usd: float | None) -> None:
        """Note that a request goes out that may cost `usd` at most."""
        self._write({"sent": key, "at": files.now(), "usd": usd})

    def answered(self, key: str, phase: str, answer: Answer) -> None:
        """Keep an answer; when this returns it is on disk."""
        self._write({"answered": key, "at": files.now(), "phase": phase, **asdict(answer)})
        if self.keeps:
            with self._lock:
                self.answers[key], self.phases[key] = answer, phase

    def failed(self, key: str, kind: str, billed: bool, usd: float | None, seconds: float) -> None:
        """Note a failed attempt; `billed` says whether it may have been paid for nevertheless."""
        self._write({"failed": key, "at": files.now(), "kind": kind, "billed": billed, "usd": usd, "seconds": seconds})
        with self._lock:
            self._count_failure(kind, billed, usd)

    def tokens(self, phase: str) -> tuple[Tokens, int]:
        """The buckets of all answers of a phase, and how many answers told none."""
        known = [answer.tokens for key, answer in self.answers.items() if self.phases[key] == phase]
        return sum((tokens for tokens in known if tokens), Tokens()), sum(tokens is None for tokens in known)

    def _count_failure(self, kind: str, billed: bool, usd: float | None) -> None:
        self.failures[kind] += 1
        if billed:
            self.lost[kind] += 1
            self.lost_usd += usd or 0.0

    def _write(self, record: dict[str, Any]) -> None:
        if self.path is not None and self.goes_on:
            with self._lock:
                files.append_jsonl(self.path, [record])

    def _read(self, path: Path) -> None:
        flying: dict[str, float | None] = {}
        for record in files.read_jsonl(path):
            if key := record.get("sent"):
                flying[key] = record.get("usd")
            elif key := record.get("answered"):
                flying.pop(key, None)
                self.answers[key], self.phases[key] = _answer(record), record["phase"]
            elif key := record.get("failed"):
                flying.pop(key, None)
                self._count_failure(record["kind"], record["billed"], record.get("usd"))
        for key, usd in flying.items():
            if self.goes_on:  # told once: the same request may be sent again and then answered
                self.failed(key, INTERRUPTED, True, usd, 0.0)
            else:
                self._count_failure(INTERRUPTED, True, usd)


def request_key(content: Mapping[str, Any]) -> str:
    """The same for the same request about the same example, across processes."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _answer(record: Mapping[str, Any]) -> Answer:
    choices = [
        Choice(
            choice["text"], choice["finish"], choice["refusal"],
            None if choice["tokens"] is None else [(text, log, [(t, p) for t, p in top])
                                                   for text, log, top in choice["tokens"]],
        )
        for choice in record["choices"]
    ]  # fmt: skip
    tokens = None if record["tokens"] is None else Tokens(**record["tokens"])
    return Answer(choices, tokens, record["seconds"], record["model"], record["attempts"])

"""Predictions on their way to disk: each is appended within moments, so a kill loses none that was finished."""

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core import files
from core.methods.base import Prediction, Tokens
from core.runs import PREDICTIONS
from core.tasks.base import Example

FLUSH_SECONDS = 0.05


class PredictionLog:
    """Collects predictions in a JSON-lines file; a thread flushes it, so that writing costs the model no time.

    What an earlier attempt wrote is in `done` and need not be predicted again.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.done: dict[str, Prediction] = {record["id"]: _from_record(record) for record in files.read_jsonl(path)}
        self._waiting: list[Prediction] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._flush_until_closed, daemon=True)

    def __enter__(self) -> "PredictionLog":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        self._thread.join()
        self._raise_failure()

    def add(self, prediction: Prediction) -> None:
        """Keep a prediction.

        Raises:
            TradeoffError: an earlier one could not be written (disk full).
        """
        self._raise_failure()
        with self._lock:
            self._waiting.append(prediction)
            self.done[prediction.id] = prediction

    def _flush_until_closed(self) -> None:
        while not self._closed.wait(FLUSH_SECONDS):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            files.append_jsonl(self.path, [_to_record(prediction) for prediction in batch])
        except Exception as error:
            self._failure = error

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def write_predictions(path: Path, by_split: dict[str, Sequence[Example]], done: dict[str, Prediction]) -> None:
    """Write predictions.parquet: the examples of each split in order, each with its prediction."""
    rows = [_row(example, split, done[example.id]) for split, examples in by_split.items() for example in examples]
    table = pa.Table.from_pylist(rows, schema=PREDICTIONS)
    files.write_through(path, lambda part: pq.write_table(table, part, compression="zstd"))


def _row(example: Example, split: str, prediction: Prediction) -> dict[str, Any]:
    tokens = {f"tokens_{bucket}": count for bucket, count in asdict(prediction.tokens).items()}
    return {
        "id": example.id, "split": split, "target": example.target, "prediction": prediction.target,
        "reason": prediction.reason, "confidence": prediction.confidence, "probabilities": prediction.probabilities,
        "completion": prediction.completion, "seconds": prediction.seconds, **tokens,
    }  # fmt: skip


def _to_record(prediction: Prediction) -> dict[str, Any]:
    record = asdict(prediction)
    if prediction.probabilities is not None:
        record["probabilities"] = _plain(prediction.probabilities)
    json.dumps(record, allow_nan=False)
    return record


def _plain(values: Iterable[float]) -> list[float]:
    return [float(f"{value:.7g}") for value in values]


def _from_record(record: dict[str, Any]) -> Prediction:
    return Prediction(**{**record, "tokens": Tokens(**record["tokens"])})

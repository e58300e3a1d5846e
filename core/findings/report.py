"""What one run gets right and wrong: its scores, a row a label, and for spans how they are wrong."""

from dataclasses import asdict
from typing import Any

import pyarrow.parquet as pq

from core.analysis.span_errors import agreements, label_confusions, label_errors
from core.runs import RunFolder
from core.tasks import get_task


def report(folder: RunFolder, split: str = "test") -> dict[str, Any]:
    """The scores of a finished run with their intervals, its per-label report and its errors, JSON-able.

    `labels` has a row a label. For tasks with spans `spans` counts by label what became of them, and `confusions` which
    labels were taken for which; with intents `agreement` counts texts with both right, one of them, or none.
    """
    path = folder.path / "predictions.parquet"
    table = pq.read_table(path, columns=["target", "prediction"], filters=[("split", "=", split)]).to_pydict()
    spec, task = folder.spec, get_task(folder.spec.task)
    targets, predictions = table["target"], table["prediction"]
    scores = [asdict(score) for score in folder.scores if score.split == split]
    labels = task.report(targets, predictions, folder.labels or task.label_set(targets))
    found: dict[str, Any] = {
        "run": folder.run_id, "dataset": spec.dataset, "candidate": spec.label, "task": spec.task, "split": split,
        "texts": len(targets), "scores": scores, "labels": labels,
    }  # fmt: skip
    if task.has_spans:
        due, given = [task.decode(t) for t in targets], [None if p is None else task.decode(p) for p in predictions]
        found["spans"] = [asdict(row) for row in label_errors(due, given)]
        found["confusions"] = [asdict(row) for row in label_confusions(due, given)]
        if task.text_labels != "none":
            found["agreement"] = agreements(due, given)
    return found

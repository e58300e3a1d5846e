"""Past runs as estimates need them, read from the run folders of a data folder."""

import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from core import files
from core.data.dataset import Dataset, DatasetInfo, dataset_folder
from core.estimating.estimate import PastRun
from core.home import Home
from core.methods import method_entry
from core.runs import RunFolder, list_runs

NEWEST = 300
"""Runs read at most: older ones say little more, and each is a handful of small files."""
SAMPLE = 500
SUBWORDS = 1.2
"""Tokens of a subword tokenizer a word or sign of plain text, about."""


def mean_tokens(dataset: Dataset) -> float:
    """The mean length of a dataset's texts in tokens, from a sample and without a tokenizer; right within a third."""
    return _mean_tokens(dataset.folder)


def past_runs(home: Home) -> list[PastRun]:
    """The newest runs that came to an end, or to that of a portion, and learned in one go."""
    folders = sorted(list_runs(home), key=_written, reverse=True)
    found = (past_run(home, folder) for folder in folders[:NEWEST])
    return [run for run in found if run is not None]


def past_run(home: Home, folder: RunFolder) -> PastRun | None:
    """A run as estimates need it; None when it has come to no end, learned in several goes, or its dataset is gone.

    What was put together from other runs took no time of its own.
    """
    state = folder.state
    if state is None or state.status not in ("finished", "paused"):
        return None
    spec, usage = folder.spec, folder.usage
    if not method_entry(spec.candidate.method).launched:
        return None
    fit, predict = usage.get("fit"), usage.get("predict")
    version = dataset_folder(home, spec.dataset) / spec.fingerprint
    content = files.read_json(version / "dataset.json")
    if not fit or not predict or fit.attempts > 1 or content is None:
        return None
    info = DatasetInfo(**content)
    peaks = [phase.peak_ram_bytes for phase in usage.values() if phase.peak_ram_bytes]
    gpu_peaks = [phase.peak_gpu_bytes for phase in usage.values() if phase.peak_gpu_bytes]
    energies = (fit.kwh, predict.kwh)
    whole = _seconds_between(state.started_at, state.at) if predict.attempts == 1 else None
    return PastRun(
        method=spec.candidate.method, model=spec.candidate.model, settings=spec.candidate.settings,
        device=spec.device, task=spec.task, labels=len(info.labels),
        machine_id=str(folder.environment.get("machine", "")), train_texts=fit.texts,
        validation_texts=folder.notes.get("chosen_on", info.counts.get("validation", 0)), predict_texts=predict.texts,
        mean_tokens=_mean_tokens(version), fit_seconds=fit.wall_seconds, predict_seconds=predict.wall_seconds,
        other_seconds=None if whole is None else max(0.0, whole - fit.wall_seconds - predict.wall_seconds),
        kwh=None if None in energies else sum(kwh or 0.0 for kwh in energies),
        peak_ram=max(peaks, default=None), peak_gpu=max(gpu_peaks, default=None),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _mean_tokens(version: Path) -> float:
    """Dataset versions never change, so this is computed once a version and process."""
    import pyarrow.parquet as pq

    texts = pq.read_table(version / "examples.parquet", columns=["text"])["text"]
    step = max(1, len(texts) // SAMPLE)
    sample = [texts[place].as_py() for place in range(0, len(texts), step)][:SAMPLE]
    counts = [len(re.findall(r"\w+|[^\w\s]", text[:20_000])) for text in sample]
    return SUBWORDS * sum(counts) / max(1, len(counts))


def _written(folder: RunFolder) -> float:
    try:
        return (folder.path / "state.json").stat().st_mtime
    except OSError:
        return 0.0


def _seconds_between(start: str | None, end: str | None) -> float | None:
    if not start or not end:
        return None
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except ValueError:
        return None
    return seconds if seconds >= 0 else None  # the clock was set back meanwhile

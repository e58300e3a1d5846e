"""Which finished runs can be held against each other as one model for several tasks and a model for each."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow.parquet as pq

from core.analysis.multitask import Answers, Comparison, System, compare, joined
from core.analysis.results import CandidateRow, Price, RunSummary, candidate_rows
from core.data.dataset import DatasetInfo, list_datasets, load_dataset
from core.errors import TradeoffError
from core.findings.results import summary_of
from core.home import Home
from core.metering.usage import Usage
from core.runs import find_run, list_runs
from core.spec import RunSpec
from core.tasks import get_task

Pricing = Callable[[Usage, str | None], Price]
Key = tuple[Any, ...]
PARTS = ("intent", "slots")


@dataclass(frozen=True)
class Beside:
    """A model that was fitted on several datasets together, and the same candidate fitted on one of them alone."""

    dataset: str
    together: System
    alone: System


def parts_of(info: DatasetInfo, infos: Iterable[DatasetInfo]) -> dict[str, DatasetInfo]:
    """The sets derived from this version of an intent_slots dataset, by part."""
    return {
        str(other.source.get("part")): other
        for other in infos
        if other.source.get("kind") == "derived" and other.source.get("fingerprint") == info.fingerprint
    }


def systems(
    info: DatasetInfo, parts: dict[str, DatasetInfo], runs: Sequence[RunSummary], price: Pricing
) -> tuple[list[System], list[System]]:
    """What answers both intents and slots of a dataset: with one model, and with two. The best on validation first.

    One model is fitted on the set itself, or on both parts together and then asked for each. Two models are a pair
    of one candidate; other pairs are made by `paired`.
    """
    specs = {run.run_id: run.spec for run in runs}
    ones = [alone(row, "one {} for both") for row in _rows(info, runs, price) if not row.joint]
    if len(parts) < len(PARTS):
        return _ordered(ones), []
    intents, slots = (_rows(parts[part], runs, price) for part in PARTS)
    twos: list[System] = []
    for intent in intents:
        for slot in slots:
            if _same(specs[intent.run_ids[0]]) == _same(specs[slot.run_ids[0]]):
                system = paired(intent, slot, runs)
                (ones if system.shared else twos).append(system)
    return _ordered(ones), _ordered(twos)


def part_rows(parts: dict[str, DatasetInfo], runs: Sequence[RunSummary], price: Pricing) -> list[list[CandidateRow]]:
    """The candidates fitted on the intents alone, and those fitted on the slots alone; the best first."""
    return [[row for row in _rows(parts[part], runs, price) if not row.joint] for part in PARTS]


def paired(intent: CandidateRow, slot: CandidateRow, runs: Sequence[RunSummary]) -> System:
    """Two models as one system, seed by seed; what was fitted on both parts together is one model asked twice."""
    specs = {run.run_id: run.spec for run in runs}
    by_seed = [{specs[run].seed: run for run in row.run_ids} for row in (intent, slot)]
    both = sorted(set(by_seed[0]) & set(by_seed[1]))
    groups = [(by_seed[0][seed], by_seed[1][seed]) for seed in both]
    groups = groups or list(zip(intent.run_ids, slot.run_ids, strict=False))
    shared = bool(intent.joint) and set(intent.joint) == set(slot.joint)
    name = f"{intent.candidate} for intents with {slot.candidate} for slots"
    if _same(specs[intent.run_ids[0]]) == _same(specs[slot.run_ids[0]]):
        label = specs[intent.run_ids[0]].candidate.label
        name = f"one {label} asked for each" if shared else f"two {label}, one for each"
    return System(name, (intent, slot), tuple(groups), shared)


def alone(row: CandidateRow, name: str = "{}") -> System:
    """One model as a system."""
    return System(name.format(row.candidate), (row,), tuple((run,) for run in row.run_ids))


def besides(runs: Sequence[RunSummary], price: Pricing) -> list[Beside]:
    """For each model fitted on several datasets: each of its datasets beside the same candidate fitted on it alone."""
    groups: dict[Key, list[RunSummary]] = defaultdict(list)
    for run in runs:
        if run.status == "finished":
            groups[_group(run.spec)].append(run)
    found = []
    for key, mine in groups.items():
        others = groups.get((*key[:-1], ()))
        if key[-1] and others:
            rows = [candidate_rows(group, price, train_size="all") for group in (mine, others)]
            if all(rows):
                found.append(Beside(mine[0].spec.dataset, alone(rows[0][0]), alone(rows[1][0])))
    return sorted(found, key=lambda beside: (beside.together.name, beside.dataset))


def compared(home: Home, one: System, two: System) -> Comparison:
    """One system beside another on the test texts that all of their runs answered."""
    group = one.groups[0]
    found = joined([targets_of(home, run) for run in group])
    targets = {id: target for id, target in found.items() if target is not None}
    task = get_task("intent_slots" if len(group) > 1 else find_run(home, group[0]).spec.task)
    return compare(one, two, task, task.label_set(list(targets.values())), targets, lambda run: answers_of(home, run))


def comparisons(home: Home, dataset: str, price: Pricing) -> list[Comparison]:
    """For each candidate that is there both ways: one model for intents and slots beside two.

    Raises:
        TradeoffError: there is no such dataset, or it has no intents and slots, or nothing to compare yet.
    """
    info = load_dataset(home, dataset).info
    if info.task != "intent_slots":
        raise TradeoffError(f"{dataset} has no intents and slots", remedy="Name a dataset of the task intent_slots.")
    runs = [summary_of(folder) for folder in list_runs(home)]
    specs = {run.run_id: run.spec for run in runs}
    ones, twos = systems(info, parts_of(info, list_datasets(home)), runs, price)
    found = [
        compared(home, one, two)
        for one in ones for two in twos
        if specs[one.groups[0][0]].candidate.label == specs[two.groups[0][0]].candidate.label
    ]  # fmt: skip
    if not found:
        raise TradeoffError(
            "No candidate has finished both as one model and as two", dataset,
            f"Derive both parts (python cli.py derive {dataset} intent), then launch one candidate on all three sets.",
        )  # fmt: skip
    return found


def plain_rows(found: Iterable[Comparison]) -> list[dict[str, Any]]:
    """A row a comparison and metric: both values, the paired difference with its interval, and what both take."""
    return [
        {
            "one": comparison.one.name, "two": comparison.two.name, "metric": quality.metric,
            "one_value": quality.one[0], "two_value": quality.two[0], "difference": quality.difference.value,
            "difference_low": quality.difference.low, "difference_high": quality.difference.high,
            "tie": quality.difference.is_tie, "texts": quality.difference.n,
            "one_takes": asdict(comparison.takes[0]), "two_takes": asdict(comparison.takes[1]),
        }
        for comparison in found for quality in comparison.qualities
    ]  # fmt: skip


def answers_of(home: Home, run_id: str) -> Answers:
    """What a run answered to the test texts."""
    path = find_run(home, run_id).path / "predictions.parquet"
    table = pq.read_table(path, columns=["id", "prediction"], filters=[("split", "=", "test")]).to_pydict()
    return dict(zip(table["id"], table["prediction"], strict=True))


def targets_of(home: Home, run_id: str) -> dict[str, str]:
    """What is right for the test texts of a run."""
    path = find_run(home, run_id).path / "predictions.parquet"
    table = pq.read_table(path, columns=["id", "target"], filters=[("split", "=", "test")]).to_pydict()
    return dict(zip(table["id"], table["target"], strict=True))


def _rows(info: DatasetInfo, runs: Sequence[RunSummary], price: Pricing) -> list[CandidateRow]:
    mine = [run for run in runs if run.spec.dataset == info.name and run.spec.fingerprint == info.fingerprint]
    return candidate_rows(mine, price, train_size="all")


def _same(spec: RunSpec) -> Key:
    """Equal for runs of one candidate in one manner, whatever the dataset."""
    joint = tuple(sorted((each.dataset, each.fingerprint) for each in spec.joint))
    return spec.candidate.label, spec.device, spec.train_size, joint


def _group(spec: RunSpec) -> Key:
    *same, joint = _same(spec)
    return *same, spec.dataset, spec.fingerprint, joint


def _ordered(found: Sequence[System]) -> list[System]:
    return sorted(found, key=lambda system: -min(row.validation_quality or 0.0 for row in system.rows))

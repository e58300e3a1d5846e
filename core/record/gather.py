"""A decision record from run folders. Nothing runs again: all is computed from stored predictions and usage."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core import files
from core.analysis.cheapness import MEASURES
from core.analysis.decision import Decision, Question
from core.analysis.results import CandidateRow, RunSummary, candidate_rows
from core.analysis.scenario import Scenario
from core.data.audit import load_audit
from core.data.dataset import Dataset, load_dataset
from core.environment import describe
from core.errors import TradeoffError
from core.findings.advice import next_steps
from core.findings.breakeven import MonthlyCosts, Reference, reference_of, told_monthly
from core.findings.decide import PriceOf, decision_of
from core.findings.decision_plain import cleaned_record
from core.findings.fronts import QUALITY, front_of
from core.findings.rerank import rerank
from core.findings.results import Pricing, dataset_runs
from core.findings.row_intervals import interval_of, surer
from core.home import Home
from core.metering.prices import PriceBook
from core.preferences import load
from core.record.comparing import comparisons
from core.record.limits import limits
from core.record.page import renderer
from core.record.parts import AuditPart, DataPart, DecisionRecord, FindingPart, GridPart, RunPart
from core.record.pricing import NotedBook
from core.runs import RunFolder

ReferenceOf = Callable[[Sequence[CandidateRow], Scenario], Reference | None]
EVIDENCE = ("spec.json", "predictions.parquet", "scores.json", "usage.json", "environment.json")
"""The files of a run that the figures of a record are computed from."""


def record(
    home: Home, dataset: str, question: Question | None = None, scenario: Scenario | None = None, *,
    version: str | None = None, train_size: int | str | None = "largest",
) -> DecisionRecord:  # fmt: skip
    """The record of the decision about a dataset, under the user's prices and, where given, under a scenario.

    Raises:
        TradeoffError: there is no such dataset or version, no run on it has finished, or the metric is not one to
            rank by.
    """
    preferences = load(home)
    book = NotedBook.under(preferences)
    data = load_dataset(home, dataset, version)
    runs = dataset_runs(home, dataset, version)

    def reference(rows: Sequence[CandidateRow], assumed: Scenario) -> Reference | None:
        try:
            return reference_of(home, data, rows, preferences, assumed)
        except TradeoffError:
            return None

    made = assembled(home, data, runs, question or Question(), book, scenario, train_size, reference)
    steps = next_steps(
        data.info, made.candidates, {run.spec.candidate.id for run in runs}, made.decision, made.data.audit is not None
    )
    decided = made.decision.model_copy(update={"next_steps": tuple(steps)})
    return made.model_copy(update={"prices": book.asked, "decision": decided})


def assembled(
    home: Home, dataset: Dataset, runs: Sequence[RunSummary], question: Question, book: PriceBook,
    scenario: Scenario | None, train_size: int | str | None, reference: ReferenceOf,
) -> DecisionRecord:  # fmt: skip
    """The record of some runs, without the prices that it was computed with and without advice.

    `reference` says what is compared with paying by the token.

    Raises:
        TradeoffError: none of the runs has finished.
    """
    price: PriceOf = scenario.price(book) if scenario else Pricing(book)
    found = [scenario.used(run) for run in runs] if scenario else runs
    rows = surer(candidate_rows(found, price, question.metric, train_size), lambda row: interval_of(home, row))
    decided = decision_of(home, rows, question, scenario)
    if decided is None:
        name = dataset.info.name
        raise TradeoffError(
            f'No run on "{name}" has finished, so there is nothing to decide',
            remedy=f"Launch some: python cli.py launch --dataset {name} --candidates tfidf-linear,minilm-full --wait.",
        )
    used = {run.run_id: run for run in found}
    environments, parts = _runs(home, rows, used)
    made = DecisionRecord(
        made_at=files.now(), made_with=_release(), data=_data(dataset), decision=decided, scenario=scenario,
        train_size=train_size, candidates=tuple(rows), comparisons=comparisons(home, rows, decided),
        grids=_grids([used[run_id] for row in rows for run_id in row.run_ids]),
        environments=tuple(environments), runs=tuple(parts), cleaned=_cleaned(home, dataset, rows, question, scenario),
        on_front=front_of(home, rows, QUALITY, MEASURES[question.cheap].field or "usd_per_1k", used, price).chances,
        costs=_costs(dataset, rows, decided, scenario, reference),
    )  # fmt: skip
    return made.model_copy(update={"limits": tuple(limits(made))})


def _costs(
    dataset: Dataset, rows: Sequence[CandidateRow], decided: Decision, scenario: Scenario | None, reference: ReferenceOf
) -> MonthlyCosts | None:
    """What a month costs at the volume that was asked about."""
    assumed = scenario or Scenario()
    if decided.question.volume:
        assumed = assumed.model_copy(update={"volume": decided.question.volume})
    beside = reference(rows, assumed)
    winner = decided.winner.candidate if decided.winner else None
    return told_monthly(dataset.info.name, rows, beside, assumed, winner) if beside else None


def _cleaned(
    home: Home, dataset: Dataset, rows: Sequence[CandidateRow], question: Question, scenario: Scenario | None
) -> dict[str, Any] | None:
    """What the ranking becomes without doubtful texts; known of the current version of a set only."""
    name = dataset.info.name
    if load_dataset(home, name).info.fingerprint != dataset.info.fingerprint:
        return None
    return cleaned_record(rerank(home, name, rows, question, scenario))


def _release() -> dict[str, str]:
    now = describe()
    return {"commit": now["commit"], "python": now["python"], "drawn by": renderer()}


def _data(dataset: Dataset) -> DataPart:
    info = dataset.info
    return DataPart(
        name=info.name, task=info.task, fingerprint=info.fingerprint, created_at=info.created_at, counts=info.counts,
        labels=tuple(info.labels), left_out=info.left_out, note=info.note, source=_source(info.source),
        audit=_audit(dataset),
    )  # fmt: skip


def _audit(dataset: Dataset) -> AuditPart | None:
    audit = load_audit(dataset)
    if audit is None:
        return None
    findings = tuple(
        FindingPart(title=one.title, severity=one.severity, count=one.count) for one in audit.open_findings
    )
    return AuditPart(made_at=audit.made_at, checks=len(audit.findings), notes=audit.notes, findings=findings)


def _source(source: dict[str, Any]) -> str:
    """Where a dataset is from, how it was split, and under which licence, as far as it says."""
    read = source.get("files")
    names = [str(one.get("filename", "")) for one in read if isinstance(one, dict)] if isinstance(read, list) else []
    splits = source.get("splits")
    made = [f"{name} {how}" for name, how in splits.items()] if isinstance(splits, dict) else []
    parts = [str(source.get("source") or ""), f"Files: {', '.join(names)}." if any(names) else "",
             f"Splits: {'; '.join(made)}." if made else "", str(source.get("licence") or "")]  # fmt: skip
    return " ".join(part for part in parts if part)


def _runs(
    home: Home, rows: Sequence[CandidateRow], runs: Mapping[str, RunSummary]
) -> tuple[list[dict[str, Any]], list[RunPart]]:
    """The distinct environments, and every run that a row stands on with its place among them."""
    environments: list[dict[str, Any]] = []
    parts = []
    for row in rows:
        for run_id in (*row.run_ids, *_asked_otherwise(row, runs)):
            folder, spec = RunFolder(home.runs / run_id), runs[run_id].spec
            state, about = folder.state, folder.environment
            if about and about not in environments:
                environments.append(about)
            parts.append(
                RunPart(
                    run_id=run_id, candidate=row.candidate, seed=spec.seed, train_size=spec.train_size,
                    device=spec.device, ended_at=state.at if state else "", settings=spec.candidate.settings,
                    environment=environments.index(about) if about else None, files=digests(folder.path),
                    otherwise=run_id not in row.run_ids,
                )
            )  # fmt: skip
    return environments, parts


def _asked_otherwise(row: CandidateRow, runs: Mapping[str, RunSummary]) -> list[str]:
    """The runs that only widen the band of a prompt candidate: the same, asked in another way."""
    if not row.prompt_ways:
        return []
    usual = _way(runs[row.run_ids[0]])
    varied = (run for run in runs.values() if run.status == "finished" and any(run.spec.candidate.variation))
    return [run.run_id for run in varied if run.run_id not in row.run_ids and _way(run) == usual]


def _way(run: RunSummary) -> tuple[str, str, int | None]:
    """What runs have in common that differ in nothing but how they ask."""
    return run.spec.usual_label, run.spec.device, run.spec.train_size


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the files that figures are computed from, of those that are there."""
    found = {}
    for name in EVIDENCE:
        if (folder / name).is_file():
            with open(folder / name, "rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _grids(runs: Sequence[RunSummary]) -> tuple[GridPart, ...]:
    counts: dict[tuple[float | None, str], int] = {}
    for run in runs:
        usage = run.usage.get("predict")
        if usage and usage.co2e_kg is not None:
            key = (usage.grid_g_per_kwh, usage.grid_source)
            counts[key] = counts.get(key, 0) + 1
    return tuple(GridPart(g_per_kwh=grams, source=source, runs=count) for (grams, source), count in counts.items())

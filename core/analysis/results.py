"""From runs to a row a candidate: quality with its interval beside cost, energy and latency."""

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, variance
from typing import Any

import numpy as np

from core.analysis import needs
from core.analysis.intervals import stretched
from core.analysis.spread import Z95, Runs, Spread, freedom_of
from core.metering.usage import PROVENANCES, Energy, Provenance, Usage
from core.methods import METHODS
from core.runs import Status
from core.spec import Record, RunSpec
from core.tasks import get_task, ranking_metric
from core.tasks.base import Score


class RunSummary(Record):
    """What the pages need of a run, without its predictions."""

    run_id: str
    spec: RunSpec
    status: Status
    scores: tuple[Score, ...] = ()
    usage: dict[str, Usage] = {}

    def score(self, metric: str, split: str = "test") -> Score | None:
        """The score of `metric` on `split`, if it has been computed."""
        return next((s for s in self.scores if s.metric == metric and s.split == split), None)


class Price(Record):
    """What a phase cost in USD; None when the price is unknown. `basis` says which price, as of when."""

    usd: float | None
    basis: str


class CandidateRow(Record):
    """A candidate on one dataset and device: means over its finished runs. Shares are 0…1, rates per 1,000 texts."""

    candidate: str
    candidate_id: str
    method: str
    family: str
    model: str | None
    device: str
    train_size: int | None
    runs: int
    run_ids: tuple[str, ...]
    seeds: tuple[int, ...]
    task: str
    joint: tuple[str, ...] = ()
    """All datasets that the model was fitted on together; empty when on this one alone."""
    metric: str
    quality: float
    quality_low: float | None
    quality_high: float | None
    validation_quality: float | None
    test_texts: int
    metrics: dict[str, float] = {}
    """All of the task's metrics on test, the primary one first, averaged over runs."""
    prompt_low: float | None = None
    prompt_high: float | None = None
    prompt_ways: int = 0
    """The band over ways of asking a prompt candidate (wordings, label orders, demonstrations) that were tried."""
    invalid_rate: float | None = None
    usd_per_1k: float | None = None
    kwh_per_1k: float | None = None
    kwh_low_per_1k: float | None = None
    kwh_high_per_1k: float | None = None
    """The range where energy is only known as one, as for models behind an API; else None."""
    co2e_g_per_1k: float | None = None
    energy_provenance: Provenance = "unknown"
    energy_per_1k: dict[str, Energy] = {}
    """Energy of each component (cpu, gpu, ram, api), with its provenance."""
    device_seconds_per_1k: float | None = None
    """Time that a device of ours is occupied; None at a provider."""
    rent_usd_per_hour: float | None = None
    """What an hour of that device costs."""
    labels_used: int | None = None
    """Labelled training texts that it stands on: all of them where it is trained, those shown in a prompt."""
    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    texts_per_second: float | None = None
    fit_seconds: float | None = None
    fit_kwh: float | None = None
    fit_usd: float | None = None
    peak_ram_bytes: int | None = None
    peak_gpu_bytes: int | None = None
    memory_bytes: int | None = None
    """The most memory while answering: of the GPU where one answers, else of the process; None at a provider."""
    hosts: tuple[str, ...] = ()
    """Whose computers answered, where they were not ours; an empty name where that was not written down."""
    price_basis: str = ""
    flags: tuple[str, ...] = ()

    @property
    def co2e_low_g_per_1k(self) -> float | None:
        """The lower end of CO2e where energy is known as a range, else None."""
        return _scaled(self.co2e_g_per_1k, self.kwh_low_per_1k, self.kwh_per_1k)

    @property
    def co2e_high_g_per_1k(self) -> float | None:
        """The upper end of CO2e where energy is known as a range, else None."""
        return _scaled(self.co2e_g_per_1k, self.kwh_high_per_1k, self.kwh_per_1k)


def candidate_rows(
    runs: Iterable[RunSummary],
    price: Callable[[Usage, str | None], Price],
    metric: str | None = None,
    train_size: int | str | None = "largest",
) -> list[CandidateRow]:
    """A row a candidate and device, best quality first, from finished runs of one dataset version.

    `price` gives the cost of a phase's usage for a model. `metric` is the task's primary one by default; higher must
    be better. A model that was fitted on several datasets together is a candidate of its own; a prompt that is only
    asked in another way is none, but widens the band of the candidate as it is usually asked. `train_size` "largest"
    takes for each candidate its runs with the most training texts, "all" makes a row for each size.

    Raises:
        TradeoffError: the task has no such metric, or a lower one is better.
    """
    groups: dict[tuple[Any, ...], list[RunSummary]] = {}
    for run in runs:
        spec = run.spec
        chosen = ranking_metric(spec.task, metric)
        if run.status == "finished" and run.score(chosen):
            groups.setdefault((spec.label, spec.device, spec.train_size), []).append(run)
    if train_size == "largest":
        groups = _largest(groups)
    elif train_size != "all":
        groups = {key: group for key, group in groups.items() if key[2] == train_size}
    groups, bands = _folded(groups, metric)
    rows = [
        _row(group, price, metric, _name(key, groups)).model_copy(update=bands.get(key, {}))
        for key, group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.quality, row.candidate))


def _folded(
    groups: dict[tuple[Any, ...], list[RunSummary]], metric: str | None
) -> tuple[dict[tuple[Any, ...], list[RunSummary]], dict[tuple[Any, ...], dict[str, Any]]]:
    """The groups without those that only vary a prompt of another group, and the band of each prompt that is varied."""
    ways: dict[tuple[Any, ...], list[RunSummary]] = {}
    for key, group in groups.items():
        usual = (group[0].spec.usual_label, *key[1:]) if any(group[0].spec.candidate.variation) else key
        if usual != key and usual in groups:
            ways.setdefault(usual, []).extend(group)
    bands: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, varied in ways.items():
        chosen = ranking_metric(varied[0].spec.task, metric)
        values = [score.value for score in _scores([*groups[key], *varied], chosen)]
        bands[key] = {"prompt_low": min(values), "prompt_high": max(values), "prompt_ways": len(values)}
    folded = {id(run) for varied in ways.values() for run in varied}
    return {key: group for key, group in groups.items() if id(group[0]) not in folded}, bands


def _name(key: tuple[Any, ...], groups: Iterable[tuple[Any, ...]]) -> str:
    """The candidate's label, with its device and train size where another row has the same label."""
    label, device, size = key
    mine = [other for other in groups if other[0] == label]
    on = f" on {device}" if len({other[1] for other in mine}) > 1 else ""
    sizes = {other[2] for other in mine if other[1] == device}
    return f"{label}{on}" + (f" · {f'{size:,}' if size else 'all'} texts" if len(sizes) > 1 else "")


def combine_seeds(scores: Sequence[Score]) -> tuple[float, float | None, float | None]:
    """Mean of a metric over runs (seeds) with a 95 % interval, from their scores alone.

    All runs saw the same test texts. Scores do not tell whether they fail on the same ones; as if they did, the
    interval over texts stays as wide as that of one run, and the spread between seeds is added: too wide rather than
    too narrow (`core.findings.row_intervals` reads the answers). One run keeps its own interval.
    """
    values = [score.value for score in scores]
    mean, k = fmean(values), len(values)
    below = [score.value - score.low for score in scores if score.low is not None]
    above = [score.high - score.value for score in scores if score.high is not None]
    if len(below) < k or len(above) < k:
        return mean, None, None
    inner = (mean, mean - fmean(below), mean + fmean(above))
    if k == 1:
        return inner
    texts, sides = ((inner[2] - inner[1]) / (2 * Z95)) ** 2, (Runs(k, variance(values), 0.0),)
    seeds = sides[0].luck / k
    return stretched(inner, Spread(texts, seeds, freedom_of(texts, seeds, sides), sides), inner[1] < 0)


def _largest(groups: dict[tuple[Any, ...], list[RunSummary]]) -> dict[tuple[Any, ...], list[RunSummary]]:
    best: dict[tuple[str, str], tuple[Any, ...]] = {}
    for key in groups:
        label, device, size = key
        known = best.get((label, device))
        if known is None or (known[2] is not None and (size is None or size > known[2])):
            best[(label, device)] = key
    return {key: groups[key] for key in best.values()}


def _row(
    runs: list[RunSummary], price: Callable[[Usage, str | None], Price], metric: str | None, name: str
) -> CandidateRow:
    first = runs[0].spec
    metric = ranking_metric(first.task, metric)
    quality, low, high = combine_seeds(_scores(runs, metric))
    fit, predict = _phase(runs, "fit"), _phase(runs, "predict")
    candidate = first.candidate
    ranges = [usage.kwh_range or (usage.kwh, usage.kwh) for usage in predict]
    ranged = any(usage.kwh_range for usage in predict)
    served = [price(usage, candidate.model) for usage in predict]
    singles = [ms for run in runs if (usage := run.usage.get("latency")) for ms in usage.latency_ms]
    p50, p95 = (float(q) for q in np.quantile(singles, (0.5, 0.95))) if singles else (None, None)
    return CandidateRow(
        candidate=name,
        candidate_id=candidate.id, method=candidate.method, family=METHODS[candidate.method].family,
        model=candidate.model, device=first.device, train_size=first.train_size, runs=len(runs),
        run_ids=tuple(run.run_id for run in runs), seeds=tuple(sorted({run.spec.seed for run in runs})),
        task=first.task, joint=tuple(reference.dataset for reference in first.joint),
        metric=metric, quality=quality, quality_low=low, quality_high=high,
        validation_quality=_mean(score.value for score in _scores(runs, metric, "validation")),
        test_texts=_scores(runs, metric)[0].n,
        metrics={name: fmean(score.value for score in found)
                 for name in get_task(first.task).metrics if (found := _scores(runs, name))},
        invalid_rate=_mean(score.value for score in _scores(runs, "invalid_rate")),
        usd_per_1k=_per_1k([cost.usd for cost in served], predict),
        kwh_per_1k=_per_1k([usage.kwh for usage in predict], predict),
        kwh_low_per_1k=_per_1k([low for low, _ in ranges], predict) if ranged else None,
        kwh_high_per_1k=_per_1k([high for _, high in ranges], predict) if ranged else None,
        co2e_g_per_1k=_per_1k([None if u.co2e_kg is None else u.co2e_kg * 1000 for u in predict], predict),
        energy_provenance=_least_sure(predict),
        energy_per_1k=needs.energy_per_1k(predict), device_seconds_per_1k=needs.device_seconds_per_1k(predict),
        rent_usd_per_hour=needs.rent_usd_per_hour(predict, price),
        labels_used=needs.labels_used(first, fit[0] if fit else None),
        latency_p50_ms=p50, latency_p95_ms=p95,
        texts_per_second=_mean(u.texts / u.wall_seconds for u in predict if u.wall_seconds > 0 and u.texts),
        fit_seconds=_mean(usage.wall_seconds for usage in fit),
        fit_kwh=_mean_known(usage.kwh for usage in fit),
        fit_usd=_mean_known(price(usage, candidate.model).usd for usage in fit),
        peak_ram_bytes=_peak(u.peak_ram_bytes for run in runs for u in run.usage.values()),
        peak_gpu_bytes=_peak(u.peak_gpu_bytes for run in runs for u in run.usage.values()),
        memory_bytes=None if first.device == "api" else _peak(
            usage.peak_gpu_bytes if first.device == "cuda" else usage.peak_ram_bytes
            for phase in ("predict", "latency") for usage in _phase(runs, phase)),
        hosts=tuple(sorted({usage.device_name for whole in predict for usage in whole.each if usage.device == "api"})),
        price_basis=served[0].basis if served else "",
        flags=tuple(sorted({flag for run in runs for usage in run.usage.values() for flag in usage.flags})),
    )  # fmt: skip


def _scores(runs: list[RunSummary], metric: str, split: str = "test") -> list[Score]:
    return [score for run in runs if (score := run.score(metric, split))]


def _phase(runs: list[RunSummary], phase: str) -> list[Usage]:
    return [usage for run in runs if (usage := run.usage.get(phase))]


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return fmean(found) if found else None


def _mean_known(values: Iterable[float | None]) -> float | None:
    found = list(values)
    known = [value for value in found if value is not None]
    return fmean(known) if found and len(known) == len(found) else None


def _per_1k(values: list[float | None], usages: list[Usage]) -> float | None:
    rates = [None if v is None or not u.texts else 1000 * v / u.texts for v, u in zip(values, usages, strict=True)]
    return _mean_known(rates)


def _least_sure(usages: list[Usage]) -> Provenance:
    return max((usage.energy_provenance for usage in usages), key=PROVENANCES.index, default="unknown")


def _scaled(value: float | None, part: float | None, whole: float | None) -> float | None:
    return None if value is None or part is None or not whole else value * part / whole


def _peak(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)

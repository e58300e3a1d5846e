"""A cascade saved as a candidate: a run folder a seed, with the answers of its stages, whose models are its own."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core import environment, files
from core.analysis.cascade_choice import CascadeFound
from core.analysis.results import CandidateRow
from core.candidates import API, CANDIDATES
from core.errors import TradeoffError
from core.findings.cascade_answers import PriceOf, paired_runs, text_weights
from core.findings.cascade_usage import added, shared, timed
from core.findings.evidence import evidence
from core.home import Home
from core.metering.usage import Phase, Usage, UsagePart
from core.methods.cascade import Cascade
from core.methods.settings import CascadeSettings
from core.runs import PREDICTIONS, RunFolder, find_run, list_runs
from core.scoring import run_scores
from core.spec import Candidate, Device, RunSpec, slug
from core.tasks import get_task
from core.tasks.base import Score

DEVICES: tuple[Device, ...] = ("cpu", "cuda", "api")
"""A cascade counts as run where its least private stage runs."""
SPLITS = ("validation", "test")
STAGE = pa.field("stage", pa.int8())
"""A column of predictions.parquet that only cascades have: which stage answered, from 0."""


def save(home: Home, rows: Sequence[CandidateRow], price: PriceOf, found: CascadeFound, name: str) -> list[RunFolder]:
    """Keep a cascade as the candidate `name`: a finished run for each seed that its stages share.

    Raises:
        TradeoffError: the name is taken or cannot be one, a person is a stage, a stage answers nothing, or the runs of
            a stage are gone.
    """
    if found.person_usd is not None:
        raise TradeoffError(
            "A cascade that ends with a person cannot answer by itself", remedy="Save it without the person."
        )
    if any(threshold is None for threshold in found.chosen.thresholds):
        raise TradeoffError(
            "A stage of this cascade never answers", remedy="Choose a lower threshold, or leave it out."
        )
    named = {row.candidate: row for row in rows}
    stages = [named[stage.candidate] for stage in found.stages if stage.candidate in named]
    if len(stages) < len(found.stages):
        raise TradeoffError("A stage of this cascade is not here any more", remedy="Make the cascade again.")
    first = find_run(home, stages[0].run_ids[0]).spec
    check_name(home, name, first)
    settings = CascadeSettings(
        stages=tuple(stage.candidate for stage in stages), thresholds=tuple(t or 0.0 for t in found.chosen.thresholds)
    )
    candidate = Candidate(id=name, method="cascade", settings=settings.model_dump(mode="json"))
    several = next((place for place, row in enumerate(stages) if len(row.run_ids) > 1), 0)
    return [_saved(home, runs, several, price, settings, candidate) for runs in paired_runs(home, stages)]


def check_name(home: Home, name: str, beside: RunSpec) -> None:
    """See that `name` can be a candidate's, and that nobody on the dataset has it.

    Raises:
        TradeoffError: it cannot, or somebody has it.
    """
    if not name or slug(name) != name or name.startswith(API):
        raise TradeoffError(
            f'"{name}" cannot be the name of a candidate', remedy="Use letters, digits, - and _, 48 of them at most."
        )
    taken = {
        spec.candidate.id
        for folder in list_runs(home)
        if (spec := folder.spec).dataset == beside.dataset and spec.fingerprint == beside.fingerprint
    }
    if name in CANDIDATES or name in taken:
        raise TradeoffError(f'There is a candidate "{name}" already', beside.dataset, "Choose another name.")


def _saved(
    home: Home, run_ids: Sequence[str], several: int, price: PriceOf, settings: CascadeSettings, candidate: Candidate
) -> RunFolder:  # fmt: skip
    """One run folder, with the seed of the stage `several`. The spec is written last: until then it is no run."""
    runs = [find_run(home, run) for run in run_ids]
    spec = _spec([run.spec for run in runs], runs[several].spec.seed, candidate)
    folder, labels = RunFolder(home.runs / spec.run_id), runs[0].labels
    (folder.path / "model").mkdir(parents=True, exist_ok=True)
    tables = {split: answered(runs, settings.thresholds, split) for split in SPLITS}
    whole = pa.concat_tables(tables.values())
    files.write_through(
        folder.path / "predictions.parquet", lambda part: pq.write_table(whole, part, compression="zstd")
    )
    folder.write_scores(
        [score for split, table in tables.items() for score in _scores(spec.task, labels, split, table)], labels
    )
    phases = _phases(runs, price, tables["test"], spec.device)
    folder.write_usage(phases, {"cascade": {"runs": list(run_ids), **settings.model_dump(mode="json")}})
    method = Cascade(settings)
    method.runs = tuple(run_ids)
    method.save(folder.path / "model")
    files.write_json(folder.path / "environment.json", environment.describe())
    (folder.path / "log.txt").write_text("Put together from the answers of finished runs; nothing was run.\n")
    folder.set_state("finished", after=(None,), started_at=files.now(), attempt=1)
    files.write_json(folder.path / "spec.json", spec.model_dump(mode="json"))
    return folder


def answered(runs: Sequence[RunFolder], thresholds: Sequence[float], split: str) -> pa.Table:
    """The answers of a cascade on a split, as its predictions.parquet holds them, in the order of the first stage.

    Seconds and tokens are summed over the stages that were asked.
    """
    tables = [
        pq.read_table(run.path / "predictions.parquet", columns=PREDICTIONS.names, filters=[("split", "=", split)])
        for run in runs
    ]
    ids = tables[0]["id"].to_pylist()
    tables = [tables[0], *(table.take(_places(table["id"].to_pylist(), ids)) for table in tables[1:])]
    stage = _stage_of(tables, thresholds)
    whole = pa.concat_tables(table.cast(PREDICTIONS) for table in tables)
    found = whole.take(stage * len(ids) + np.arange(len(ids)))
    for place, name in enumerate(PREDICTIONS.names):
        if name == "seconds" or name.startswith("tokens_"):
            sums = np.zeros(len(ids))
            for k, table in enumerate(tables):
                sums += np.where(stage >= k, np.nan_to_num(table[name].to_numpy()), 0)
            found = found.set_column(place, PREDICTIONS.field(name), pa.array(sums).cast(PREDICTIONS.field(name).type))
    return found.append_column(STAGE, pa.array(stage, pa.int8()))


def _places(ids: Sequence[str], wanted: Sequence[str]) -> list[int]:
    place = {name: at for at, name in enumerate(ids)}
    if missing := [name for name in wanted if name not in place]:
        raise TradeoffError(
            f"The stages did not answer the same texts: {len(missing):,} are missing", missing[0],
            "Launch them again on the same version of the dataset.",
        )  # fmt: skip
    return [place[name] for name in wanted]


def _stage_of(tables: Sequence[pa.Table], thresholds: Sequence[float]) -> NDArray[np.int64]:
    """Which stage answers each text: the first that is sure of an answer that could be read, else the last."""
    stage = np.full(len(tables[0]), len(tables) - 1, np.int64)
    for k in reversed(range(len(tables) - 1)):
        read = tables[k]["prediction"].is_valid().to_numpy(zero_copy_only=False)
        stage = np.where(read & (tables[k]["confidence"].to_numpy() >= thresholds[k]), k, stage)
    return stage


def _scores(task: str, labels: Sequence[str], split: str, table: pa.Table) -> list[Score]:
    plain = {name: table[name].to_pylist() for name in ("target", "prediction", "reason", "id")}
    return run_scores(get_task(task), labels, split, *plain.values())


def _phases(runs: Sequence[RunFolder], price: PriceOf, test: pa.Table, device: Device) -> dict[str, Usage]:
    """The usage of the cascade: fitting all stages, answering the test texts, and single texts."""
    stage, ids = test["stage"].to_numpy(), test["id"].to_pylist()
    parts: dict[Phase, list[UsagePart]] = {"fit": [], "predict": [], "latency": []}
    for k, run in enumerate(runs):
        spec, usage = run.spec, run.usage
        if whole := usage.get("predict"):
            found = evidence(run)
            weights = text_weights(found, whole, price, spec.candidate.model)[_places(found.ids.tolist(), ids)]
            reached = stage >= k
            usage["predict"] = shared(whole, float(weights[reached].sum()) / max(1, whole.texts), int(reached.sum()))
        for phase, own in parts.items():
            if one := usage.get(phase):
                own.append(UsagePart(candidate=spec.label, model=spec.candidate.model, usage=one))
    whole_parts = {phase: own for phase, own in parts.items() if len(own) == len(runs)}
    shares = np.bincount(stage, minlength=len(runs)) / max(1, len(ids))
    phases: dict[str, Usage] = {}
    if fitting := whole_parts.get("fit"):
        phases["fit"] = added("fit", fitting, max(part.usage.texts for part in fitting), device)
    if answering := whole_parts.get("predict"):
        phases["predict"] = added("predict", answering, len(ids), device)
    if (single := whole_parts.get("latency")) and (times := timed(single, shares, device)):
        phases["latency"] = times
    return phases


def _spec(stages: Sequence[RunSpec], seed: int, candidate: Candidate) -> RunSpec:
    """What the cascade is: on the stages' dataset, on the device that is least ours."""
    first = stages[0]
    sizes = [spec.train_size for spec in stages]
    whole = any(size is None for size in sizes)
    return RunSpec(
        dataset=first.dataset, fingerprint=first.fingerprint, task=first.task, candidate=candidate,
        seed=seed, train_size=None if whole else max(size or 1 for size in sizes),
        device=max((spec.device for spec in stages), key=DEVICES.index),
    )  # fmt: skip

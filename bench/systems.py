"""Every kind of system on real sets, measured: the table of docs/results.md.

    python bench/systems.py FOLDER [--part PART …] [--home HOME]

FOLDER holds the sets as they are published: `wnut17/{train,validation,test}.conll`, `atis` and `slurp` as JSON lines,
`banking77` as CSV; TREC comes with the installation. Finished runs are reused, so a part can be run again for its table
alone. Run it with nothing else at work.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[0] = str(ROOT)  # not this folder: its statistics.py would hide the one of Python

from core import format as f
from core.analysis.results import CandidateRow
from core.data.bundled import import_bundled
from core.data.dataset import Dataset, list_datasets, load_dataset, nested_sample, save_dataset
from core.data.importing import import_dataset
from core.data.views import derive
from core.findings.results import results
from core.home import Home
from core.launch import launch
from core.preferences import load as load_preferences
from core.spec import Experiment
from core.watch import wait_for


@dataclass(frozen=True)
class System:
    """A candidate with changed settings on a dataset; `size` limits its training texts."""

    dataset: str
    candidate: str
    settings: dict[str, Any] | None = None
    size: int | None = None
    seeds: tuple[int, ...] = (0,)


def few(shots: int, demonstrations: str, seeds: tuple[int, ...] = (0,), **more: Any) -> System:
    """SmolLM2 with `shots` demonstrations on TREC."""
    return System("trec", "smollm2-few-shot", {"shots": shots, "demonstrations": demonstrations, **more}, seeds=seeds)


PARTS: dict[str, tuple[System, ...]] = {
    "entities": tuple(System("wnut17", name) for name in ("majority", "tfidf-linear", "minilm-full")),
    "tuned": (
        System("trec", "smollm2-lora", size=600), System("trec", "minilm-full", size=600),
        System("banking77-500", "smollm2-lora", size=800), System("banking77-500", "minilm-full", size=800),
    ),
    "shots": (
        System("trec", "smollm2-zero-shot", {"chat_template": False, "calibration": "train_texts"}),
        *(few(shots, how) for how in ("random", "balanced", "similar") for shots in (1, 5, 10)),
    ),
    "luck": tuple(few(5, how, seeds=(0, 1, 2)) for how in ("random", "similar")),
    "styles": tuple(few(5, how, style=style) for how in ("balanced", "similar") for style in ("serial", "json")),
    "intents": tuple(
        System(dataset, name) for dataset in ("atis", "slurp") for name in ("majority", "tfidf-linear", "minilm-full")
    ),
    "dual": tuple(System(dataset, "minilm-full") for dataset in ("atis-intent", "atis-slots")),
    "spans": tuple(
        System("wnut17-100", "smollm2-few-shot", {"shots": 5, "demonstrations": "similar", "style": style})
        for style in ("serial", "json")
    ),
}  # fmt: skip
"""What is measured, part by part."""


def dataset_of(home: Home, folder: Path, name: str) -> Dataset:
    """The set `name`, imported when it is not here: `atis-200` has 200 of its test texts, `atis-intent` intents."""
    if name in {info.name for info in list_datasets(home)}:
        return load_dataset(home, name)
    base, _, part = name.partition("-")
    if part == "intent" or part == "slots":
        return derive(home, dataset_of(home, folder, base).info.name, part)
    if part:
        return shortened(home, dataset_of(home, folder, base), name, int(part))
    if name == "trec":
        return import_bundled(home, name)
    found = {
        path.stem: path for path in sorted((folder / name).iterdir()) if path.stem in ("train", "validation", "test")
    }
    given = {split: found[split] for split in ("validation", "test") if split in found}
    return import_dataset(home, name, found["train"], task=None, **given)


def shortened(home: Home, dataset: Dataset, name: str, test: int) -> Dataset:
    """The same training texts with `test` test texts and half as many validation texts, spread over the labels."""
    examples = dataset.examples
    kept = {
        example.id
        for split, most in (("validation", test // 2), ("test", test))
        for example in nested_sample(examples(split), most, 0, dataset.info.task)
    }
    frame = dataset.frame
    note = f"{test} test texts of {dataset.info.name}, spread over its labels"
    return save_dataset(
        home, frame[(frame["split"] == "train") | frame["id"].isin(kept)], name, dataset.info.task, note=note
    )


def measure(home: Home, folder: Path, systems: Sequence[System]) -> list[tuple[System, CandidateRow]]:
    """Run what has not been run, and the row of each."""
    launched = []
    for system in systems:
        experiment = Experiment(
            dataset=dataset_of(home, folder, system.dataset).info.name, candidates=[system.candidate],
            seeds=list(system.seeds), train_sizes=[system.size],
            settings={system.candidate: system.settings} if system.settings else {},
        )  # fmt: skip
        launched.append((system, launch(home, experiment)))
    wait_for(home, [run for _, runs in launched for run in runs])
    found = []
    for system, runs in launched:
        ids = {run.run_id for run in runs}
        rows = results(home, system.dataset, load_preferences(home), train_size="all")
        found += [(system, row) for row in rows if ids & set(row.run_ids)]
    return found


def table(found: Sequence[tuple[System, CandidateRow]]) -> str:
    """The rows in Markdown."""
    lines = [
        "| set | candidate | learned from | metric | value (95 %) | no answer | fit | texts/s | kWh per 1,000 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (system, _, _), row in {(system.dataset, row.candidate, row.train_size): row for system, row in found}.items():
        interval = f"{100 * row.quality:.1f} ({100 * (row.quality_low or 0):.1f}–{100 * (row.quality_high or 0):.1f})"
        fit = f"{row.fit_seconds:,.0f} s" if row.fit_seconds is not None else "–"
        speed = f.number(row.texts_per_second)
        kwh = f"{row.kwh_per_1k:.2g}" if row.kwh_per_1k is not None else "unknown"
        size = f"{row.train_size:,}" if row.train_size else "all"
        invalid = f.percent(row.invalid_rate, 1) if row.invalid_rate is not None else "–"
        lines.append(
            f"| {system} | {row.candidate} | {size} | {row.metric} | {interval} | {invalid} | {fit} | {speed} | {kwh} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure the chosen parts, all by default."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    asked.add_argument("--home", type=Path, default=Path("build/systems"))
    options = asked.parse_args()
    home = Home(options.home.resolve()).prepare()
    for part in options.part:
        print(f"\n## {part}\n\n{table(measure(home, options.folder, PARTS[part]))}", flush=True)


if __name__ == "__main__":
    main()

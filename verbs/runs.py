"""Runs: launching, watching, cancelling and retrying them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, money, names, numbers, settings, sizes


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("launch", launch)
    made.add_argument(
        "experiment", nargs="?", metavar="FILE.yaml", help="an experiment file, or a study: presets/study1-small.yaml"
    )
    made.add_argument("--dataset")
    made.add_argument("--candidates", type=names, metavar="A,B,C")
    made.add_argument("--with", dest="with_", type=names, metavar="D,E", help="fit each model on these sets as well")
    made.add_argument("--seeds", type=numbers, metavar="0,1")
    made.add_argument("--train-size", type=sizes, metavar="N[,N]")
    made.add_argument("--set", action="append", default=[], metavar="CANDIDATE.SETTING=VALUE")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"))
    made.add_argument("--max-usd", type=money, metavar="USD", help="most that providers may bill for these runs")
    made.add_argument("--wait", action="store_true", help="show the runs through to the end")
    made.add_argument("--plan", action="store_true", help="only tell what the runs will take; nothing is launched")

    made = verb("runs", runs)
    made.add_argument("--dataset")
    made.add_argument("--status", choices=("queued", "running", "paused", "finished", "failed", "cancelled"))

    made = verb("cancel", cancel)
    made.add_argument("runs", nargs="+", metavar="RUN")

    made = verb("retry", retry)
    made.add_argument("runs", nargs="+", metavar="RUN")
    made.add_argument("--afresh", action="store_true", help="start over instead of resuming")


def launch(options: argparse.Namespace, home: Home) -> Any:
    """Queue a grid of runs; --wait shows them through to the end."""
    from core import launch as launching
    from core.planning import left_out
    from core.watch import wait_for

    experiment = asked_experiment(options)
    for line in left_out(home, experiment):
        print(f"Left out: {line}.", file=sys.stderr)
    if options.plan:
        return [_planned_row(run) for run in launching.plan(home, experiment)]
    folders = launching.launch(home, experiment)
    if options.wait:
        options.failed = not wait_for(home, folders, quiet=options.json)
    return _run_rows(home, [folder.run_id for folder in folders])


def runs(options: argparse.Namespace, home: Home) -> Any:
    """The runs and where they stand."""
    from core.reconcile import reconcile

    reconcile(home)
    rows = _run_rows(home)
    return [
        row for row in rows if options.dataset in (None, row["dataset"]) and options.status in (None, row["status"])
    ]


def cancel(options: argparse.Namespace, home: Home) -> Any:
    """Stop runs."""
    from core import launch as launching

    ids = [launching.cancel(home, run).run_id for run in options.runs]
    return _run_rows(home, ids)


def retry(options: argparse.Namespace, home: Home) -> Any:
    """Queue failed, cancelled or paused runs again; they resume from where they were."""
    from core import launch as launching

    ids = [launching.retry(home, run, afresh=options.afresh).run_id for run in options.runs]
    return _run_rows(home, ids)


def asked_experiment(options: argparse.Namespace) -> Any:
    """The experiment that the options of `launch` ask for.

    Raises:
        TradeoffError: neither a file nor dataset and candidates are given, or both.
    """
    from core.experiment_file import read_experiment
    from core.presets import experiment_path
    from core.spec import Experiment

    given = {
        "seeds": options.seeds, "train_sizes": options.train_size, "device": options.device,
        "max_usd": options.max_usd, "with_datasets": options.with_,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    if options.experiment:
        if options.candidates or options.set:
            raise TradeoffError(
                "Candidates and settings stand in the experiment file", options.experiment,
                "Leave out --candidates and --set, or the file.",
            )  # fmt: skip
        return read_experiment(experiment_path(Path(options.experiment)), options.dataset, given)
    if not options.dataset or not options.candidates:
        raise TradeoffError(
            "A dataset and candidates are needed",
            remedy="Give --dataset NAME --candidates a,b,c, or the path of an experiment file.",
        )
    return Experiment(dataset=options.dataset, candidates=options.candidates, settings=settings(options.set), **given)


def _run_rows(home: Home, ids: Sequence[str] | None = None) -> list[dict[str, Any]]:
    from core.progress import summary
    from core.runs import find_run, list_runs

    rows = []
    for folder in list_runs(home) if ids is None else [find_run(home, run_id) for run_id in ids]:
        spec, state, progress = folder.spec, folder.state, summary(folder)
        rows.append(
            {
                "run": folder.run_id, "dataset": spec.dataset, "candidate": spec.label, "seed": spec.seed,
                "train_size": spec.train_size, "device": spec.device, "status": state.status if state else "queued",
                "progress": progress.line, "reason": state.reason if state else "",
                "remedy": state.remedy if state else "",
            }
        )  # fmt: skip
    return rows


def _planned_row(run: Any) -> dict[str, Any]:
    found = run.estimate
    return {
        "run": run.spec.run_id, "candidate": run.spec.label, "seed": run.spec.seed,
        "train_size": run.spec.train_size, "status": run.status or "new", **found.model_dump(mode="json"),
    }  # fmt: skip

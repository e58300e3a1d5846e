"""Documents: what a run gets right, the record of a decision, and whether a record still holds."""

import argparse
from pathlib import Path
from typing import Any

from core.errors import TradeoffError, unknown
from core.home import Home
from verbs.deciding import asked, question_options
from verbs.parsing import Declare, add_assumptions, changes


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("report", report)
    made.add_argument("name", metavar="DATASET_OR_RUN", help="a dataset: its decision; a run or candidate: its errors")
    made.add_argument("--dataset", help="needed when a candidate is named")
    made.add_argument("--split", choices=("test", "validation"), default="test", help="of a run")
    made.add_argument("--out", metavar="FILE", help="of a dataset: where the record goes, .html, .pdf or .json")
    made.add_argument("--version", help="of a dataset: start of a fingerprint; the current one by default")
    question_options(made)
    add_assumptions(made)

    made = verb("verify", verify)
    made.add_argument("file", metavar="FILE", help="a decision record: .html or .pdf")


def report(options: argparse.Namespace, home: Home) -> Any:
    """A dataset's decision as a document, or what a finished run gets right and wrong."""
    if options.dataset is None and _is_dataset(home, options.name):
        return _record(options, home)
    if options.out:
        from core.data.dataset import list_datasets

        raise unknown("dataset", options.name, (info.name for info in list_datasets(home)))
    from core.findings.report import report as reported
    from core.predictor import find_fitted

    return reported(find_fitted(home, options.name, options.dataset), options.split)


def verify(options: argparse.Namespace, home: Home) -> Any:
    """Is a decision record as it was made, and do the run folders still say the same?"""
    from core.record.verify import verify as verified

    found = verified(home, Path(options.file))
    options.failed = not found.agrees
    options.told = "\n".join(
        [*(f"  {fault}." for fault in found.faults), *(f"  To know: {notice}." for notice in found.notices)]
    )
    options.told = f"{found.sentence}\n{options.told}".rstrip()
    return {**found.model_dump(mode="json"), "agrees": found.agrees}


def _is_dataset(home: Home, name: str) -> bool:
    from core.data.dataset import dataset_folder

    return (dataset_folder(home, name) / "current").exists()


def _record(options: argparse.Namespace, home: Home) -> Any:
    from core.analysis.scenario import scenario_of
    from core.record.files import write_record
    from core.record.gather import record

    scenario = scenario_of(changes(options.assumed)) if options.assumed else None
    made = record(home, options.name, asked(options), scenario, version=options.version)
    if not options.out:
        if not options.json:
            raise TradeoffError("Where the record should go is missing", remedy="Add --out FILE.html or FILE.pdf.")
        return made.model_dump(mode="json")
    return write_record(made, Path(options.out))

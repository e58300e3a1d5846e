"""What came of runs: results, predictions and SQL."""

import argparse
from pathlib import Path
from typing import Any

from core.errors import TradeoffError
from core.home import Home
from verbs.parsing import Declare, add_assumptions, changes


def add(verb: Declare) -> None:
    """Declare the verbs."""
    made = verb("results", results)
    made.add_argument("dataset")
    made.add_argument("--metric")
    made.add_argument("--train-size", help="a number, or all")
    made.add_argument("--version", help="start of a fingerprint; the current one by default")
    add_assumptions(made)

    made = verb("multitask", multitask)
    made.add_argument("dataset", help="with intents and slots, whose parts were derived")

    made = verb("predict", predict)
    made.add_argument("run", metavar="RUN_OR_CANDIDATE")
    made.add_argument("texts", nargs="*", metavar="TEXT")
    made.add_argument("--dataset", help="needed when a candidate is named")
    made.add_argument("--file", metavar="IN")
    made.add_argument("--text", metavar="COLUMN", help="the text column of IN; guessed when left out")
    made.add_argument("--out", metavar="OUT")

    made = verb("sql", sql)
    made.add_argument("query")


def results(options: argparse.Namespace, home: Home) -> Any:
    """A row a candidate: quality with its interval, cost, energy, latency; who is best and the cheapest as good."""
    from core.analysis.scenario import scenario_of
    from core.findings.decide import decision_of
    from core.findings.results import results as computed
    from core.preferences import load

    size: int | str = options.train_size or "largest"
    size = int(size) if str(size).isdigit() else size
    scenario = scenario_of(changes(options.assumed)) if options.assumed else None
    rows = computed(
        home, options.dataset, load(home), version=options.version, metric=options.metric, train_size=size,
        scenario=scenario,
    )  # fmt: skip
    if not options.json and (found := decision_of(home, rows)):
        options.told = " ".join((found.reason, *found.doubts))
    return [row.model_dump(mode="json") for row in rows]


def multitask(options: argparse.Namespace, home: Home) -> Any:
    """One model for intents and slots beside two, for each candidate that has finished both ways."""
    from core.analysis.multitask import sentence
    from core.findings.consolidated import comparisons, plain_rows
    from core.findings.results import pricing
    from core.preferences import load

    found = comparisons(home, options.dataset, pricing(load(home)))
    options.told = "\n".join(sentence(comparison) for comparison in found)
    return plain_rows(found)


def predict(options: argparse.Namespace, home: Home) -> Any:
    """Let a finished run answer texts, or a file of texts."""
    from core.predictor import Predictor, find_fitted

    folder = find_fitted(home, options.run, options.dataset)
    with Predictor(home) as predictor:
        if options.file:
            return _predict_file(options, predictor, folder.run_id)
        if not options.texts:
            raise TradeoffError("No text was given", remedy="Add texts, or --file IN --out OUT.")
        return predictor.predict(folder.run_id, options.texts)


def sql(options: argparse.Namespace, home: Home) -> Any:
    """Ask the index in SQL; it is read-only."""
    from store.db import open_index
    from store.ingest import refresh
    from store.sandbox import run_sql

    with open_index(home) as index:
        refresh(index)
        result = run_sql(index, options.query)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def _predict_file(options: argparse.Namespace, predictor: Any, run_id: str) -> Any:
    from core.predictor import read_texts
    from store.export import write_table

    if not options.out:
        raise TradeoffError("Where the answers should go is missing", remedy="Add --out FILE (.csv, .xlsx, .parquet).")
    texts = read_texts(Path(options.file), column=options.text)
    answers = predictor.predict(run_id, texts)
    write_table(answers, Path(options.out))
    return {"run": run_id, "texts": len(texts), "out": options.out}

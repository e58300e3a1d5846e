"""Results straight from run folders: what the command line and the API answer with."""

from collections.abc import Iterable, Sequence

import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.analysis.compare import Correctness, correctness
from core.analysis.results import CandidateRow, Price, RunSummary, candidate_rows
from core.data.dataset import load_dataset
from core.home import Home
from core.preferences import Preferences
from core.prices import PriceBook, cost
from core.runs import RunFolder, find_run, list_runs
from core.usage import Usage


def summary_of(folder: RunFolder) -> RunSummary:
    """The summary of a run folder."""
    state = folder.state
    return RunSummary(
        run_id=folder.run_id, spec=folder.spec, status=state.status if state else "queued",
        scores=tuple(folder.scores), usage=folder.usage,
    )  # fmt: skip


def dataset_runs(home: Home, dataset: str, version: str | None = None) -> list[RunSummary]:
    """All runs on a version of a dataset, the current one by default.

    Raises:
        TradeoffError: there is no such dataset or version.
    """
    info = load_dataset(home, dataset, version).info
    return [
        summary_of(folder)
        for folder in list_runs(home)
        if (spec := folder.spec).dataset == info.name and spec.fingerprint == info.fingerprint
    ]


def pricing(preferences: Preferences) -> "Pricing":
    """The price function of `candidate_rows` under the user's prices."""
    return Pricing(PriceBook.of(preferences))


class Pricing:
    """Costs by a price book: device hours for what ran here, token prices for what a provider ran."""

    def __init__(self, book: PriceBook) -> None:
        self.book = book

    def __call__(self, usage: Usage, model: str | None) -> Price:
        """The cost of a phase's usage."""
        priced = cost(usage, self.book, model)
        row = priced.price
        basis = f"{row.name}, {row.source}, {row.date}" if row else priced.why_unknown
        return Price(usd=priced.usd, basis=basis)


def results(
    home: Home, dataset: str, preferences: Preferences, *, version: str | None = None, metric: str | None = None,
    train_size: int | str | None = "largest",
) -> list[CandidateRow]:  # fmt: skip
    """A row a candidate on a dataset, best quality first.

    Raises:
        TradeoffError: there is no such dataset or version.
    """
    return candidate_rows(dataset_runs(home, dataset, version), pricing(preferences), metric, train_size)


def correct_by_candidate(home: Home, rows: Sequence[CandidateRow]) -> dict[str, Correctness]:
    """For each row's candidate which test examples its runs got right."""
    return {row.candidate: correctness({run: _right(find_run(home, run)) for run in row.run_ids}) for row in rows}


def _right(folder: RunFolder) -> dict[str, bool]:
    path = folder.path / "predictions.parquet"
    table = pq.read_table(path, columns=["id", "target", "prediction"], filters=[("split", "=", "test")])
    right = pc.fill_null(pc.equal(table["target"], table["prediction"]), False)
    ids: Iterable[str] = table["id"].to_pylist()
    return dict(zip(ids, right.to_pylist(), strict=True))

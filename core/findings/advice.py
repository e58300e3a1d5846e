"""What to do next about a decision: label texts, run seeds, try a candidate, set a price. Most useful first."""

from collections.abc import Collection, Iterator, Sequence
from shlex import quote

from core.analysis.decision import Decision, NextStep, open_to
from core.analysis.decision_words import listed, unsettled_told
from core.analysis.results import CandidateRow
from core.candidates import candidates_for
from core.data.dataset import DatasetInfo
from core.methods import METHODS

SEEDS = (0, 1, 2)
LUCKY = ("encoder", "finetuned_llm")
"""Families whose fits depend on the seed."""
STEADY = ("embedding-linear", "gliclass", "gliner")
"""Methods of these families that do not."""


def next_steps(
    info: DatasetInfo, rows: Sequence[CandidateRow], tried: Collection[str], found: Decision, audited: bool
) -> list[NextStep]:
    """The steps that could change or confirm the decision. `tried` are the ids of candidates that have runs."""
    return [
        *_settle(info, found), *_more_seeds(info, rows, found), *_seeds(info, rows, found), *_try(info, rows, tried),
        *_prices(info, found),
        *_audit(info, audited),
    ]  # fmt: skip


def _settle(info: DatasetInfo, found: Decision) -> Iterator[NextStep]:
    reachable = [name for name in open_to(found) if found.needed.get(name)]
    if not reachable:
        return
    name = min(reachable, key=lambda name: found.needed[name] or 0)
    yield NextStep(
        words=f"Label more test texts: {unsettled_told(found, name)}", page="labels", button="Plan labels",
        command=f"python cli.py power {quote(info.name)} --margin {found.question.margin:g}",
        parameters={"dataset": info.name},
    )  # fmt: skip


def _more_seeds(info: DatasetInfo, rows: Sequence[CandidateRow], found: Decision) -> Iterator[NextStep]:
    """Where seeds, and not texts, are what is missing."""
    by_name = {row.candidate: row for row in rows}
    for name, count in found.seeds.items():
        if count is None or found.best is None:
            continue
        pair = [by_name[one] for one in (found.best.candidate, name)]
        if not all(METHODS[row.method].launched for row in pair):
            continue  # a cascade has the seeds that its stages have
        plain = all(row.candidate == row.candidate_id for row in pair)
        seeds = ",".join(map(str, range(count)))
        yield NextStep(
            words=f"Run {count} seeds each of {listed([row.candidate for row in pair])}: their luck, not the number of "
            "texts, keeps it open.",
            page="launch", button="Launch", parameters={"dataset": info.name, "repeats": str(min(count, 20))},
            command=f"python cli.py launch --dataset {quote(info.name)} "
            f"--candidates {','.join(row.candidate_id for row in pair)} --seeds {seeds} --wait" if plain else "",
        )  # fmt: skip
        return


def _seeds(info: DatasetInfo, rows: Sequence[CandidateRow], found: Decision) -> Iterator[NextStep]:
    """Further seeds of those between whom it is decided, as far as they ran once and a seed changes them."""
    if found.best is None or found.winner is None or len(rows) < 2:
        return
    close = {found.best.candidate, found.winner.candidate, *found.rivals, *open_to(found)}
    once = [
        row for row in rows
        if row.candidate in close and row.runs == 1 and row.candidate == row.candidate_id and row.method not in STEADY
        and row.family in LUCKY
    ]  # fmt: skip
    if len(close) > 1 and once:
        names = [row.candidate for row in once]
        yield NextStep(
            words=f"Run two more seeds of {listed(names)}: each ran once, so how much is luck is not known.",
            page="launch", button="Launch", parameters={"dataset": info.name, "repeats": str(len(SEEDS))},
            command=f"python cli.py launch --dataset {quote(info.name)} --candidates {','.join(names)} "
            f"--seeds {','.join(map(str, SEEDS))} --wait",
        )  # fmt: skip


def _try(info: DatasetInfo, rows: Sequence[CandidateRow], tried: Collection[str]) -> Iterator[NextStep]:
    missing = [entry for entry in candidates_for(info.task) if entry.id not in tried]
    if not missing:
        return
    families = {row.family for row in rows}
    entry = next((one for one in missing if METHODS[one.method].family not in families), missing[0])
    more = f"; {len(missing)} bundled candidates were not tried yet" if len(missing) > 1 else ""
    yield NextStep(
        words=f"Try {entry.id} ({entry.summary}){more}.",
        page="launch", button="Launch", parameters={"dataset": info.name},
        command=f"python cli.py launch --dataset {quote(info.name)} --candidates {entry.id} --wait",
    )  # fmt: skip


def _prices(info: DatasetInfo, found: Decision) -> Iterator[NextStep]:
    chosen = [] if found.best is None else [found.best.candidate, *found.rivals, *open_to(found)]
    unknown = [name for name in chosen if found.costs.get(name) is None]
    if unknown and found.question.cheap in ("usd", "total"):
        yield NextStep(
            words=f"Set a price for {listed(unknown)}: until then its cost is unknown and it cannot be the cheapest.",
            page="settings", button="Set prices", command=f"python cli.py results {quote(info.name)}",
        )  # fmt: skip


def _audit(info: DatasetInfo, audited: bool) -> Iterator[NextStep]:
    if not audited:
        yield NextStep(
            words="Audit the texts: wrong labels and leaked test texts could change who wins.", page="datasets",
            button="Audit", command=f"python cli.py audit {quote(info.name)}", parameters={"dataset": info.name},
        )  # fmt: skip

"""Prompt sensitivity of a dataset's runs: which ways of asking have been tried, and which to try."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from pydantic import TypeAdapter

from core.analysis.joint_draws import text_draws
from core.analysis.prompt_spread import LEAST_WAYS, PromptSpread, Way, prompt_spread
from core.analysis.results import CandidateRow, RunSummary
from core.candidates import resolve
from core.errors import TradeoffError
from core.findings.evidence import performance_of
from core.findings.figure_cache import kept
from core.home import Home
from core.methods import asks_provider
from core.prompts.rewording import MOST
from core.spec import Candidate, Experiment, RunSpec, Variant

SPREAD: TypeAdapter[PromptSpread | None] = TypeAdapter(PromptSpread | None)
PROMPTED = ("prompt", "api-prompt")
WORDINGS = ORDERS = DRAWS = 3
REDRAWN, TIMES = 24, 500
"""Ways of a candidate whose answers are redrawn to see what is chance, and how often."""


@dataclass(frozen=True)
class Asked:
    """A prompt candidate with the ways in which it has been asked; `spread` is None while they are too few."""

    row: CandidateRow
    ways: tuple[Way, ...]
    spread: PromptSpread | None


def asked_in_ways(home: Home, rows: Sequence[CandidateRow], runs: Sequence[RunSummary], metric: str) -> list[Asked]:
    """Every prompt candidate with its ways of asking, from finished runs.

    Runs whose predictions cannot be read have a quality, but do not count for the spread.
    """
    prompts = {run.run_id: run for run in runs if run.status == "finished" and run.spec.candidate.method in PROMPTED}
    keys = {name: _key(run.spec) for name, run in prompts.items()}
    found = []
    for row in rows:
        first = prompts.get(row.run_ids[0])
        if first is None or any(first.spec.candidate.variation):
            continue
        mine = [run for name, run in prompts.items() if keys[name] == keys[first.run_id]]
        ways = [way for run in mine if (way := _way(run, metric))]
        ways.sort(key=lambda way: (way.paraphrase, way.label_order, way.seed))
        found.append(Asked(row, tuple(ways), _spread(home, row, ways, metric)))
    return found


def ways_to_ask(candidate: Candidate, wordings: int = WORDINGS, orders: int = ORDERS, draws: int = DRAWS) -> list[Way]:
    """A balanced part of all ways: every wording with every order, the draws dealt out in turn (a Latin square).

    An own instruction is not reworded; where no demonstrations are drawn there is one draw.

    Raises:
        TradeoffError: the candidate is no prompt, or there are not so many wordings.
    """
    if candidate.method not in PROMPTED:
        raise TradeoffError(
            f"{candidate.id} is not asked by a prompt", remedy="Take a candidate that ends in -zero-shot or -few-shot."
        )
    for name, value, most in (("wordings", wordings, MOST + 1), ("orders", orders, 1000), ("draws", draws, 1000)):
        if not 1 <= value <= most:
            raise TradeoffError(f"{value} {name} cannot be tried", remedy=f"Take from 1 to {most:,}.")
    wordings = 1 if candidate.settings["instruction"].strip() else wordings
    draws = draws if draws_matter(candidate) else 1
    pairs = [(wording, order) for wording in range(wordings) for order in range(orders)]
    turns = 1 if len(pairs) >= draws else draws
    seeds = [[(wording + order + turn) % draws for turn in range(turns)] for wording, order in pairs]
    return [
        Way("", wording, order, seed, 0.0)
        for (wording, order), of_pair in zip(pairs, seeds, strict=True)
        for seed in of_pair
    ]


def draws_matter(candidate: Candidate) -> bool:
    """Whether the seed draws something: demonstrations, or training texts that calibrate."""
    settings = candidate.settings
    drawn = settings["shots"] > 0 and settings["demonstrations"] != "similar"
    return drawn or settings.get("calibration") == "train_texts"


def experiments(
    dataset: str, candidate: Candidate, ways: Sequence[Way], max_usd: float | None = None
) -> list[Experiment]:
    """The runs of `ways`, an experiment a seed; a cap on what providers may bill is shared between them.

    Raises:
        TradeoffError: the candidate has settings that its name does not give.
    """
    own = {name: candidate.settings[name] for name in candidate.changed}
    seeds = sorted({way.seed for way in ways})
    cap = max_usd / len(seeds) if max_usd and asks_provider(candidate.method) else None
    return [
        Experiment(
            dataset=dataset, seeds=[seed], max_usd=cap,
            variants=[
                Variant(candidate=candidate.id,
                        settings={**own, "paraphrase": way.paraphrase, "label_order": way.label_order})
                for way in ways if way.seed == seed
            ],
        )
        for seed in seeds
    ]  # fmt: skip


def candidate_called(name: str, runs: Sequence[RunSummary]) -> Candidate:
    """The prompt candidate `name` of these runs, else as it comes by that name."""
    for run in runs:
        if run.spec.candidate.usual.label == name:
            return run.spec.candidate.usual
    return resolve(name)


def _key(spec: RunSpec) -> tuple[str, str, int | None]:
    return spec.usual_label, spec.device, spec.train_size


def _way(run: RunSummary, metric: str) -> Way | None:
    score, before = run.score(metric), run.score(metric, "validation")
    if score is None:
        return None
    wording, order = run.spec.candidate.variation
    return Way(run.run_id, wording, order, run.spec.seed, score.value, before.value if before else None)


def _spread(home: Home, row: CandidateRow, ways: Sequence[Way], metric: str) -> PromptSpread | None:
    if len(ways) < LEAST_WAYS:
        return None
    varied = sorted(ways, key=lambda way: way.usual)[:REDRAWN]
    of = [metric, *(astuple(way) for way in ways)]
    runs = [way.run_id for way in varied]
    return kept(home, SPREAD, "prompt spread", runs, of, lambda: _made_spread(home, row, ways, varied, metric))


def _made_spread(
    home: Home, row: CandidateRow, ways: Sequence[Way], varied: Sequence[Way], metric: str
) -> PromptSpread | None:  # fmt: skip
    found = {way.run_id: performance_of(home, row.model_copy(update={"run_ids": (way.run_id,)}), metric=metric)
             for way in varied}  # fmt: skip
    drawn, shared = text_draws({run: one for run, one in found.items() if one is not None}, TIMES)
    if not shared or not len(shared[0].ids):
        return None
    return prompt_spread([way for way in ways if found.get(way.run_id, way) is not None], drawn)

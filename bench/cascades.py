"""How much caution a cascade's threshold needs: chosen on some texts, seen on others.

    python -m bench.cascades [DATA_FOLDER]

Of every dataset with two candidates that make a cascade worth a look, the texts of validation and test are put
together and drawn apart at random: 300 to choose the threshold on, the rest to see what it does. A threshold is the
cheapest whose quality is no more than a point below the stronger candidate alone, less so many standard errors.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.analysis import cascade
from core.analysis.cascade import Answers
from core.analysis.cascade_choice import Wish, choose
from core.analysis.statistic import Statistic
from core.data.dataset import list_datasets
from core.findings.cascade_answers import Terms, gathered
from core.findings.cascade_suggestions import suggestions
from core.findings.results import results
from core.home import Home
from core.preferences import load

CAUTIONS = (0.0, 1.0, 1.645, 2.0)
MARGIN, CHOSEN_ON, SPLITS = 0.01, 300, 200


def both(home: Home, dataset: str) -> tuple[tuple[str, ...], Answers] | None:
    """The best pair of a dataset and its answers on validation and test together, right or wrong."""
    preferences = load(home)
    rows, terms = results(home, dataset, preferences), Terms.of(preferences)
    found = suggestions(home, rows, terms)
    if not found or found[0].saved <= 0:
        return None
    stages = [next(row for row in rows if row.candidate == name) for name in found[0].stages]
    parts = [gathered(home, stages, terms, split, most_runs=1)[0] for split in ("validation", "test")]
    right = np.concatenate([part.right for part in parts], axis=1)
    return found[0].stages, Answers(
        ids=np.arange(right.shape[1]).astype(str), statistic=Statistic.of_mean(right.reshape(-1)), right=right,
        confidence=np.concatenate([part.confidence for part in parts], axis=1),
        takes={"usd": np.concatenate([part.takes["usd"] for part in parts], axis=1)},
    )  # fmt: skip


def some(answers: Answers, texts: np.ndarray) -> Answers:
    """The answers to some of the texts."""
    right = answers.right[:, texts]
    return replace(
        answers, ids=answers.ids[texts], right=right, statistic=Statistic.of_mean(right.reshape(-1)),
        confidence=answers.confidence[:, texts], takes={"usd": answers.takes["usd"][:, texts]},
    )  # fmt: skip


def seen(answers: Answers, caution: float, seed: int) -> tuple[float, float, float]:
    """Of one split: the share that the first answers, points lost beside the stronger alone, share of cost saved."""
    order = np.random.default_rng(seed).permutation(len(answers))
    known, other = some(answers, order[:CHOSEN_ON]), some(answers, order[CHOSEN_ON:])
    swept = cascade.sweep(known, cascade.grids([known]))
    floor = cascade.alone(known, 1).overall - MARGIN
    merit = swept.quality - caution * cascade.gap_errors(known, swept.grids, 1)
    thresholds = swept.thresholds(choose(swept, Wish(swept.takes["usd"], merit, floor)))
    by = cascade.route(other, thresholds)
    lost = cascade.alone(other, 1).overall - cascade.outcome(other, thresholds).overall
    usd = other.takes["usd"]
    return float((by == 0).mean()), lost, 1 - float((usd[0] + (by == 1) * usd[1]).mean() / usd[1].mean())


def main(folder: str) -> None:
    """Print the table."""
    home = Home(Path(folder))
    print("| dataset | cascade | standard errors | first answers | points lost | lost more than 1 point | saved |")
    print("|---|---|---|---|---|---|---|")
    for info in list_datasets(home):
        if found := both(home, info.name):
            names, answers = found
            for caution in CAUTIONS:
                share, lost, saved = np.array([seen(answers, caution, seed) for seed in range(SPLITS)]).T
                print(
                    f"| {info.name} | {', then '.join(names)} | {caution:g} | {share.mean():.0%} | "
                    f"{100 * lost.mean():.1f} | {(lost > MARGIN + 1e-9).mean():.0%} of splits | {saved.mean():.0%} |"
                )


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("home", nargs="?", default="data")
    main(asked.parse_args().home)

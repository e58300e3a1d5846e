"""What candidates may still gain from more training texts, drawn jointly before all texts are in.

What is left to gain (the top of the metric minus the value, here *loss*) follows an inverse power law of the training
texts: a line in logarithms, with a slope. Before a candidate was seen at two sizes its slope is drawn from a prior that
is wide on purpose: fine-tuned encoders stay at the most frequent answer and then jump. Once it was, its own slope
informs the draws (an ensemble Kalman update: Evensen 2003); the next slope resembles it as far as slopes do, and with
some chance a candidate has not begun to learn, so that what was seen says nothing. Candidates that are right on the
same texts gain alike. Candidates may have seen different parts of the texts: what they share cancels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.analysis.compare import Performance, shared

Array = NDArray[np.float64]
NORMAL = NormalDist()


@dataclass(frozen=True)
class Stage:
    """A candidate after a round.

    `texts` are those it was trained on, None for what is not trained: it gains nothing with more. `performance` is on
    the validation texts of the round; those of later rounds contain those of earlier ones.
    """

    texts: int | None
    performance: Performance

    @property
    def seen(self) -> bool:
        """Whether there is anything to judge it by."""
        return bool(len(self.performance.ids)) and bool(self.performance.runs)


@dataclass(frozen=True)
class Prior:
    """What is known of learning curves before any is seen, all of it about the loss.

    A slope of 0.25 means that nine times the texts take 1 − 9^−0.25 = 42 % off the loss. Slopes are lognormal.
    """

    slope: float = 0.25
    spread: float = 1.0
    """Standard deviation of the slope's logarithm."""
    common: float = 0.6
    """How far the slopes of candidates on one data set hang together, beyond being right on the same texts."""
    lasting: float = 0.5
    """Correlation of the logarithms of a slope and the next one."""
    late: float = 0.1
    """The chance that the slope seen says nothing of the next one."""
    luck: float = 0.08
    """Standard deviation that the seed adds to a loss, as a share of it."""


PRIOR = Prior()


@dataclass(frozen=True, eq=False)
class Chance:
    """What is drawn from: the draws, how many, and the most that the metric can be."""

    generator: np.random.Generator
    draws: int
    top: float
    prior: Prior

    def normal(self, covariance: Array) -> Array:
        """Normal draws around 0, shape (rows, draws)."""
        zeros = np.zeros(len(covariance))
        return self.generator.multivariate_normal(zeros, covariance, self.draws, method="eigh").T

    def slopes(self, alike: Array) -> Array:
        """Slopes of candidates of which nothing is known, shape (candidates, draws)."""
        found: Array = self.prior.slope * np.exp(self.prior.spread * self.normal(alike))
        return found


def final_draws(
    stages: Mapping[str, Sequence[Stage]], all_texts: int, draws: int, seed: int, top: float = 1.0, prior: Prior = PRIOR
) -> Array:
    """The metric of each candidate on all texts as it may come out, shape (candidates, draws), paired by draw.

    Every candidate has a stage, and all of them are seen.
    """
    chance = Chance(np.random.default_rng(seed), draws, top, prior)
    last, earlier = [of[-1] for of in stages.values()], [_earlier(of) for of in stages.values()]
    rows = [row for row, one in enumerate(earlier) if one is not None]
    every = [*last, *(one for one in earlier if one is not None)]
    apart, values = _apart(every)
    loss = _losses(apart, values, every, chance)
    now, before = loss[: len(last)], loss[len(last) :]
    first = np.arange(len(last))
    first[rows] = len(last) + np.arange(len(rows))
    alike = _alike(apart[: len(last)], apart[first], prior.common)
    slopes = _next(now[rows], before, [(earlier[row], last[row]) for row in rows], alike, rows, chance)
    ahead = np.log([max(all_texts / (one.texts or all_texts), 1.0) for one in last])[:, None]
    found: Array = top - now * np.exp(_luck(last, chance)[:, None] * chance.normal(alike) - ahead * slopes)
    return found


def _earlier(stages: Sequence[Stage]) -> Stage | None:
    """The last stage with fewer training texts than the newest one."""
    newest = stages[-1].texts
    if newest is None:
        return None
    return next((one for one in stages[-2::-1] if one.texts and one.texts < newest), None)


def _luck(stages: Sequence[Stage], chance: Chance) -> Array:
    """What seeds add to each loss, as a share of it; nothing to what is not trained."""
    runs = np.array([len(one.performance.runs) for one in stages])
    return np.where([one.texts is not None for one in stages], chance.prior.luck / np.sqrt(runs), 0.0)


def _apart(stages: Sequence[Stage]) -> tuple[Array, Array]:
    """How far each text moves the metric of each stage, 0 where it did not see it: shape (stages, texts). And the
    metrics, shape (stages,). The product of two rows is the covariance of their metrics when texts are drawn again."""
    every = [one.performance for one in stages]
    if any(one.clusters is not None for one in every):  # clusters have numbers only, which must mean the same
        every = [shared(one, reduce(lambda a, b: shared(a, b)[0], every))[0] for one in every]
        return np.stack([one.side.apart for one in every]), np.array([one.overall for one in every])
    ids = np.unique(np.concatenate([one.ids for one in every]))
    found = np.zeros((len(every), len(ids)))
    for row, one in zip(found, every, strict=True):
        row[np.searchsorted(ids, one.ids)] = one.side.apart
    return found, np.array([one.overall for one in every])


def _losses(apart: Array, values: Array, stages: Sequence[Stage], chance: Chance) -> Array:
    """The loss of each stage, had other texts been drawn: shape (stages, draws).

    A text more could speak against anybody (Bonett & Price 2012), so that a few texts never make sure.
    """
    texts = np.array([len(one.performance.ids) for one in stages])
    few = chance.top / (texts + 2)
    drawn = chance.normal(apart @ apart.T) + few[:, None] * chance.generator.standard_normal((len(few), chance.draws))
    most = max(chance.top, float((chance.top - values).max()))
    found: Array = np.clip(chance.top - values[:, None] - drawn, few[:, None] / 4, most)
    return found


def _alike(now: Array, before: Array, common: float) -> Array:
    """How far candidates are right on the same texts, now and before: correlations, shape (candidates, candidates)."""
    result: Array = common + (1 - common) * _correlations(now) * _correlations(before)
    return result


def _correlations(apart: Array) -> Array:
    size = np.sqrt((apart**2).sum(1))
    scaled = apart / np.where(size > 0, size, 1.0)[:, None]
    found: Array = scaled @ scaled.T
    np.fill_diagonal(found, 1.0)
    return found


def _next(
    now: Array, before: Array, pairs: Sequence[tuple[Stage | None, Stage]], alike: Array, rows: Sequence[int],
    chance: Chance,
) -> Array:  # fmt: skip
    """The slope of each candidate from its last size to all texts, shape (candidates, draws).

    `now` and `before` are the losses of those that were seen at two sizes, which are the `rows`.
    """
    prior, slopes = chance.prior, chance.slopes(alike)
    if not rows:
        return slopes
    sizes = np.array([np.log((one.texts or 1) / (other.texts or 1)) for other, one in pairs if other])
    seen = (np.log(before) - np.log(now)) / sizes[:, None]
    luck = (_luck([one for _, one in pairs], chance) / sizes) ** 2 * 2
    learnt = np.maximum(_updated(slopes[rows], seen, np.diag(luck), chance), 1e-3)
    other = chance.slopes(alike)[rows]
    lasting = learnt**prior.lasting * prior.slope ** (1 - prior.lasting)
    lasting *= (other / prior.slope) ** np.sqrt(1 - prior.lasting**2) if prior.slope else 0.0
    late = chance.normal(alike)[rows] < NORMAL.inv_cdf(prior.late)
    slopes[rows] = np.where(late, chance.slopes(alike)[rows], lasting)
    return slopes


def _updated(drawn: Array, seen: Array, luck: Array, chance: Chance) -> Array:
    """Draws of the prior moved towards the slopes that were seen, as far as these can be trusted."""
    noise = np.atleast_2d(np.cov(seen)) + luck
    wide = np.atleast_2d(np.cov(drawn))
    told = np.median(seen, 1)[:, None] + chance.normal(noise)
    result: Array = drawn + wide @ np.linalg.pinv(wide + noise) @ (told - drawn)
    return result

"""What candidates may still gain from more training texts, drawn jointly before all texts are in.

What is left to gain (the top of the metric minus the value, here *loss*) follows an inverse power law of the training
texts: a line in logarithms, with a slope. Before a candidate was seen at two sizes its slope is drawn from a prior that
is wide on purpose: fine-tuned encoders stay at the most frequent answer and then jump. Once it was, its own slope
informs the draws (an ensemble Kalman update: Evensen 2003), slopes flatten on the way, and with some chance a candidate
has not begun to learn, so that what was seen says nothing. Candidates that are right on the same texts gain alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.analysis.compare import Performance
from core.analysis.joint_draws import text_draws

Array = NDArray[np.float64]
NORMAL = NormalDist()
LEAST_LOSS = 1e-3
"""Logarithms of losses below it would be of noise only."""


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
    common: float = 0.3
    """How far the slopes of candidates on one data set hang together, beyond being right on the same texts."""
    flatten: float = 0.65
    """The next slope as a share of the last one: the median, and the standard deviation of its logarithm."""
    flatten_spread: float = 0.7
    late: float = 0.2
    """The chance that the slope seen says nothing of the next one."""
    luck: float = 0.08
    """Standard deviation that the seed adds to a loss, as a share of it."""


PRIOR = Prior()


def final_draws(
    stages: Mapping[str, Sequence[Stage]], all_texts: int, draws: int, seed: int, top: float = 1.0, prior: Prior = PRIOR
) -> Array:
    """The metric of each candidate on all texts as it may come out, shape (candidates, draws), paired by draw.

    Every candidate has a stage that is seen. NaN where no text was answered by all.
    """
    last = {name: of[-1] for name, of in stages.items()}
    values, shared = text_draws({name: one.performance for name, one in last.items()}, draws, seed)
    if np.isnan(values).any():
        return values
    generator = np.random.default_rng(seed + 1)
    alike = _alike(shared, prior.common)
    loss = np.clip(top - values - _unseen(shared, top, draws, generator), 0.0, max(top, float((top - values).max())))
    trained = np.array([one.texts is not None for one in last.values()])
    runs = np.array([len(one.performance.runs) for one in last.values()])
    luck = np.where(trained, prior.luck / np.sqrt(runs), 0.0)[:, None]
    ahead = np.log([max(all_texts / (one.texts or all_texts), 1.0) for one in last.values()])[:, None]
    fall = ahead * _slopes(list(stages.values()), alike, top, draws, generator, prior)
    found: Array = top - loss * np.exp(luck * _normal(alike, draws, generator) - fall)
    return found


def _unseen(shared: Sequence[Performance], top: float, draws: int, generator: np.random.Generator) -> Array:
    """What a text more could say against each (Bonett & Price 2012), so that a few texts never make anybody sure."""
    few = top / (len(shared[0].ids) + 2)
    return few * generator.standard_normal((len(shared), draws))


def _alike(shared: Sequence[Performance], common: float) -> Array:
    """How far candidates are right on the same texts: correlations, shape (candidates, candidates)."""
    rows = np.stack([one.side.apart if one.parts is None else one.parts for one in shared])
    apart = rows - rows.mean(1, keepdims=True)
    size = np.sqrt((apart**2).sum(1))
    scaled = apart / np.where(size > 0, size, 1.0)[:, None]
    found = scaled @ scaled.T
    np.fill_diagonal(found, 1.0)
    result: Array = common + (1 - common) * found
    return result


def _normal(alike: Array, draws: int, generator: np.random.Generator) -> Array:
    """Normal draws with these correlations, shape (candidates, draws)."""
    return generator.multivariate_normal(np.zeros(len(alike)), alike, draws, method="eigh").T


def _slopes(
    stages: Sequence[Sequence[Stage]], alike: Array, top: float, draws: int, generator: np.random.Generator,
    prior: Prior,
) -> Array:  # fmt: skip
    """The slope of each candidate from its last size to all texts, shape (candidates, draws)."""

    def fresh() -> Array:
        found: Array = prior.slope * np.exp(prior.spread * _normal(alike, draws, generator))
        return found

    slopes = fresh()
    earlier = [_earlier(of) for of in stages]
    rows = np.flatnonzero([one is not None for one in earlier])
    if not len(rows):
        return slopes
    pairs = [(one, of[-1]) for one, of in zip(earlier, stages, strict=True) if one is not None]
    learnt = _updated(slopes[rows], _seen_slopes(pairs, top, draws, generator, prior), generator)
    late = _normal(alike, draws, generator)[rows] < NORMAL.inv_cdf(prior.late)
    flatter = prior.flatten * np.exp(prior.flatten_spread * _normal(alike, draws, generator))[rows]
    slopes[rows] = np.where(late, fresh()[rows], np.maximum(learnt, 0.0) * flatter)
    return slopes


def _earlier(stages: Sequence[Stage]) -> Stage | None:
    """The last stage with fewer training texts than the newest one."""
    newest = stages[-1].texts
    if newest is None:
        return None
    return next((one for one in stages[-2::-1] if one.seen and one.texts and one.texts < newest), None)


def _seen_slopes(
    pairs: Sequence[tuple[Stage, Stage]], top: float, draws: int, generator: np.random.Generator, prior: Prior
) -> tuple[Array, Array]:  # fmt: skip
    """The slopes between two sizes, shape (candidates,), and by how much they may be wrong: their covariance.

    Both sizes are judged on the texts that all answered at both, so that hard texts do not look like a slope.
    """
    both = {f"{row} {when}": one.performance for row, pair in enumerate(pairs) for when, one in enumerate(pair)}
    values, shared = text_draws(both, draws, int(generator.integers(2**31)))
    noisy = top - values - _unseen(shared, top, draws, generator)
    least = max(LEAST_LOSS, 0.5 / max(len(shared[0].ids), 1)) * top
    logs = np.log(np.maximum(noisy, least)).reshape(len(pairs), 2, draws)
    sizes = np.array([np.log((after.texts or 1) / (before.texts or 1)) for before, after in pairs])
    slopes = (logs[:, 0] - logs[:, 1]) / sizes[:, None]
    luck = 2 * (prior.luck / sizes) ** 2
    return np.median(slopes, 1), np.atleast_2d(np.cov(slopes)) + np.diag(luck)


def _updated(drawn: Array, seen: tuple[Array, Array], generator: np.random.Generator) -> Array:
    """Draws of the prior moved towards what was seen, as far as that can be trusted."""
    slopes, noise = seen
    if np.isnan(slopes).any():
        return drawn
    wide = np.atleast_2d(np.cov(drawn))
    gain = wide @ np.linalg.pinv(wide + noise)
    told = (
        slopes[:, None] + generator.multivariate_normal(np.zeros(len(slopes)), noise, drawn.shape[1], method="eigh").T
    )
    result: Array = drawn + gain @ (told - drawn)
    return result

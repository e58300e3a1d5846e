"""All thresholds at once are what each one alone would be: every figure is computed again text by text."""

from itertools import product

import numpy as np
import pytest

from core.analysis import cascade
from core.analysis.cascade import PASSED_ON, Answers
from core.analysis.cascade_choice import Wish, choose, frontier_places
from core.tasks import Span, Target, get_task

LABELS = ["a", "b", "c"]


def single(stages: int, n: int = 60, seed: int = 0) -> tuple[Answers, list[str], list[list[str | None]]]:
    """Answers of `stages` candidates, each better than the one before, some of which could not be read."""
    draw = np.random.default_rng(seed)
    targets = [LABELS[i] for i in draw.integers(0, 3, n)]
    given: list[list[str | None]] = [
        [due if draw.random() < 0.5 + 0.4 * k / stages else LABELS[draw.integers(3)] for due in targets]
        for k in range(stages)
    ]
    given[0][3] = None
    confidence = draw.random((stages, n)).round(2)
    confidence[0, 3] = confidence[0, 7] = PASSED_ON
    return answers(get_task("single_label"), targets, given, confidence, LABELS, "macro_f1", draw), targets, given


def answers(task, targets, given, confidence, labels, metric, draw) -> Answers:  # type: ignore[no-untyped-def]
    n, stages = len(targets), len(given)
    statistic = task.statistics(list(targets) * stages, [one for of_stage in given for one in of_stage], labels)[metric]
    right = np.array([[found == due for found, due in zip(one, targets, strict=True)] for one in given], float)
    return Answers(
        ids=np.array([str(i) for i in range(n)]), confidence=confidence, statistic=statistic, right=right,
        takes={"usd": draw.random((stages, n))}, harm=draw.random((stages, n)),
    )  # fmt: skip


@pytest.mark.parametrize("stages", [2, 3])
def test_every_place_of_a_sweep_is_what_the_texts_say(stages: int) -> None:
    found, targets, given = single(stages)
    swept = cascade.sweep(found, cascade.grids([found]))
    errors = cascade.gap_errors(found, swept.grids, stages - 1)
    draw, task, n = np.random.default_rng(1), get_task("single_label"), len(targets)
    for _ in range(40):
        place = tuple(int(draw.integers(len(grid))) for grid in swept.grids)
        thresholds = swept.thresholds(place)
        by = [next((k for k in range(stages - 1) if found.confidence[k, i] >= thresholds[k]), stages - 1)
              for i in range(n)]  # fmt: skip
        mixed = [given[k][i] for i, k in enumerate(by)]
        right = task.statistics(targets, mixed, LABELS)["macro_f1"].overall
        assert swept.quality[place] == pytest.approx(right)
        assert cascade.outcome(found, thresholds).overall == pytest.approx(right)
        assert cascade.route(found, thresholds).tolist() == by
        assert [share[place] for share in swept.answered] == pytest.approx([by.count(k) / n for k in range(stages)])
        spent = sum(found.takes["usd"][k, i] for i, last in enumerate(by) for k in range(last + 1)) / n
        assert swept.takes["usd"][place] == pytest.approx(spent)
        assert swept.harm is not None
        assert swept.harm[place] == pytest.approx(np.mean([found.harm[k, i] for i, k in enumerate(by)]))  # type: ignore[index]
        gaps = [float(mixed[i] == targets[i]) - float(given[-1][i] == targets[i]) for i in range(n)]
        assert errors[place] == pytest.approx(np.std(gaps) / np.sqrt(n))


def test_spans_are_cascaded_by_the_same_sums() -> None:
    task, draw = get_task("token_labels"), np.random.default_rng(2)
    spans = [Span(0, 3, "x"), Span(4, 6, "y"), Span(8, 9, "x")]
    targets = [task.encode(Target.of(spans=[span for span in spans if draw.random() < 0.6])) for _ in range(40)]
    given = [[task.encode(Target.of(spans=[span for span in spans if draw.random() < share])) for _ in targets]
             for share in (0.4, 0.6)]  # fmt: skip
    found = answers(task, targets, given, draw.random((2, 40)), ["x", "y"], "f1", draw)
    swept = cascade.sweep(found, cascade.grids([found]))
    for at in range(len(swept.grids[0])):
        by = cascade.route(found, swept.thresholds((at,)))
        mixed = [given[k][i] for i, k in enumerate(by)]
        assert swept.quality[at] == pytest.approx(task.statistics(targets, mixed, ["x", "y"])["f1"].overall)


def test_the_ends_of_the_grid_are_each_stage_alone() -> None:
    found, _, _ = single(2)
    swept = cascade.sweep(found, cascade.grids([found]))
    assert swept.quality[0] == pytest.approx(cascade.alone(found, 0).overall)
    assert swept.quality[-1] == pytest.approx(cascade.alone(found, 1).overall)
    assert swept.answered[:, 0].tolist() == [1, 0]
    assert swept.answered[:, -1].tolist() == [0, 1]


def test_an_answer_without_confidence_is_passed_on() -> None:
    found, _, _ = single(2)
    assert {3, 7} <= set(np.flatnonzero(cascade.route(found, [0.0]) == 1).tolist())


def test_times_of_a_cascade_are_those_of_the_stages_that_were_asked() -> None:
    mixture = cascade.latency_mixture([[1.0, 1.0], [10.0, 10.0]])
    assert mixture is not None
    shares = np.array([0.9, 0.1])
    assert cascade.latency_quantile(mixture, shares, 0.5) == 1.0
    assert cascade.latency_quantile(mixture, shares, 0.95) == 11.0
    assert cascade.latency_mixture([[1.0], []]) is None
    draw = np.random.default_rng(3)
    first, second = draw.gamma(2, 1, 400), draw.gamma(4, 3, 400)
    mixture = cascade.latency_mixture([first, second])
    assert mixture is not None
    slow = np.sort(first) + np.sort(second)  # who is slow once is slow again
    drawn = np.concatenate([np.repeat(first, 7), np.repeat(slow, 3)])
    for level in (0.5, 0.8, 0.95):
        found = cascade.latency_quantile(mixture, np.array([0.7, 0.3]), level)
        assert found == pytest.approx(np.quantile(drawn, level), rel=0.06)


def test_the_cheapest_place_that_keeps_the_quality_is_chosen() -> None:
    found, _, _ = single(2)
    swept = cascade.sweep(found, cascade.grids([found]))
    cost = swept.takes["usd"]
    floor = float(np.median(swept.quality[1:-1]))
    place = choose(swept, Wish(cost, swept.quality, floor))
    real = [at for at in range(len(cost)) if (swept.answered[:, at] > 0).all()]
    assert place[0] in real
    assert cost[place] == min(cost[at] for at in real if swept.quality[at] >= floor - 1e-12)
    best = choose(swept, Wish(cost, swept.quality, 2.0))
    assert swept.quality[best] == max(swept.quality[at] for at in real)


def test_caution_keeps_more_texts_for_the_stronger() -> None:
    found, _, _ = single(2, n=200)
    swept = cascade.sweep(found, cascade.grids([found]))
    errors, floor = cascade.gap_errors(found, swept.grids, 1), float(swept.quality[-1]) - 0.05
    bold = choose(swept, Wish(swept.takes["usd"], swept.quality, floor))
    careful = choose(swept, Wish(swept.takes["usd"], swept.quality - 1.645 * errors, floor))
    assert swept.answered[0][careful] < swept.answered[0][bold]


def test_a_cascade_of_three_shows_the_front_of_validation() -> None:
    found, _, _ = single(3)
    swept = cascade.sweep(found, cascade.grids([found]))
    cost = swept.takes["usd"]
    places = frontier_places(swept.quality, cost)
    for place, other in product(places, np.ndindex(cost.shape)):
        assert not (cost[other] < cost[place] and swept.quality[other] > swept.quality[place])

"""Who can still win a race: known answers of the rule, and that it keeps its word about the risk."""

from math import isnan

import numpy as np
import pytest

from core.analysis.compare import Performance, paired_difference, performance
from core.analysis.gains import final_draws
from core.analysis.racing import Stage, Verdict, allowance, judge, tie_of
from core.analysis.statistic import Statistic
from core.tasks import get_task

ALL = 1800
HARD = np.random.default_rng(7).random(2000)
"""How hard each text is, for all candidates alike."""


def seen(right: float, texts: int, alone: int | None = None, first: int = 0) -> Performance:
    """A share of right answers on so many texts; `alone` finds texts hard by itself, as far as 3 of 10."""
    hard = HARD[first : first + texts]
    if alone is not None:
        own = np.random.default_rng(alone)
        hard = np.where(own.random(texts) < 0.3, own.random(texts), hard)
    answers = (hard <= np.quantile(hard, right)).astype(float)
    return performance([([f"{first + i:05}" for i in range(texts)], Statistic.of_mean(answers))])


def untrained(right: float, texts: int = 100, alone: int | None = None) -> list[Stage]:
    return [Stage(None, seen(right, texts, alone))]


def trained(*rounds: tuple[int, float], alone: int | None = None) -> list[Stage]:
    """Rounds of training texts and share of right answers, on half as many validation texts."""
    return [Stage(texts, seen(right, max(texts // 2, 1), alone)) for texts, right in rounds]


def dropped(found: dict[str, Verdict]) -> set[str]:
    return {name for name, one in found.items() if one.drop}


def test_one_that_is_not_trained_and_far_behind_is_dropped() -> None:
    found = judge({"prompt": untrained(0.3), "encoder": trained((200, 0.8), alone=1)}, ALL, 0.02)
    assert dropped(found) == {"prompt"}
    assert found["prompt"].chance < 0.001
    assert found["prompt"].final == pytest.approx(0.3, abs=0.02)
    assert "is not trained" in found["prompt"].why
    assert "encoder is at 80 % already" in found["prompt"].why


def test_one_that_is_trained_on_little_may_still_jump() -> None:
    found = judge({"tfidf": trained((200, 0.66)), "encoder": trained((200, 0.4), alone=1)}, ALL, 0.02)
    assert not dropped(found)
    assert found["encoder"].final_high > 0.8
    assert "may still be the best" in found["encoder"].why


def test_one_that_levelled_off_far_behind_is_dropped() -> None:
    flat = trained((200, 0.64), (600, 0.65), alone=2)
    found = judge({"flat": flat, "encoder": trained((200, 0.7), (600, 0.88), alone=1)}, ALL, 0.02)
    assert dropped(found) == {"flat"}
    assert "With all texts it should reach" in found["flat"].why


def test_one_that_gains_fast_is_expected_to_gain_more_than_one_that_is_flat() -> None:
    found = judge({"fast": trained((200, 0.5), (600, 0.75)), "flat": trained((200, 0.74), (600, 0.75))}, ALL, 0.0)
    assert found["fast"].final > found["flat"].final + 0.02


def test_of_two_twins_one_goes_and_the_other_stays() -> None:
    twins = {name: untrained(0.8, 600) for name in ("one", "other")}
    found = judge(twins, ALL, 0.02)
    assert len(dropped(found)) == 1
    (gone,) = dropped(found)
    assert found[gone].chance <= 0.02
    assert "one of them will do" in found[gone].why


def test_twins_that_are_trained_gain_alike() -> None:
    twins = {name: trained((200, 0.5), (600, 0.7)) for name in ("one", "other")}
    draws = final_draws(twins, ALL, 2000, 0)
    assert np.corrcoef(draws)[0, 1] > 0.95
    assert len(dropped(judge(twins, ALL, 0.05, tie=0.03))) == 1


def test_few_texts_make_nobody_sure() -> None:
    few = {"right": untrained(1.0, 3), "wrong": [Stage(None, seen(0.34, 3))]}
    assert not dropped(judge(few, ALL, 0.02))


@pytest.mark.parametrize("risk", [0.0, 0.01, 0.05, 0.3])
def test_the_chances_of_those_dropped_add_up_to_no_more_than_the_risk(risk: float) -> None:
    field = {f"c{i}": trained((200, 0.55 + 0.03 * i), alone=i) for i in range(9)}
    found = judge(field, ALL, risk)
    assert sum(found[name].chance for name in dropped(found)) <= risk
    if risk >= 0.05:
        assert dropped(found)


def test_more_risk_drops_more() -> None:
    field = {f"c{i}": trained((200, 0.55 + 0.03 * i), alone=i) for i in range(9)}
    counts = [len(dropped(judge(field, ALL, risk))) for risk in (0.01, 0.1, 0.4)]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_the_chances_of_all_sum_to_one_when_nobody_is_dropped() -> None:
    field = {f"c{i}": trained((200, 0.6), alone=i) for i in range(4)}
    assert sum(one.chance for one in judge(field, ALL, 0.0).values()) == pytest.approx(1)


def test_at_least_so_many_stay() -> None:
    field = {"best": untrained(0.9), "a": untrained(0.2), "b": untrained(0.1)}
    assert dropped(judge(field, ALL, 0.5)) == {"a", "b"}
    assert dropped(judge(field, ALL, 0.5, keep=2)) == {"b"}
    assert not dropped(judge(field, ALL, 0.5, keep=3))


def test_the_front_keeps_the_cheapest() -> None:
    field = {"cheap": untrained(0.5, 400), "mid": untrained(0.4, 400), "dear": untrained(0.9, 400)}
    spend = {"cheap": 1.0, "mid": 2.0, "dear": 50.0}
    assert dropped(judge(field, ALL, 0.02)) == {"cheap", "mid"}
    found = judge(field, ALL, 0.02, aim="front", spend=spend)
    assert dropped(found) == {"mid"}
    assert "cheap, which costs no more," in found["mid"].why


def test_on_the_front_only_as_the_best_where_the_cost_is_unknown() -> None:
    field = {"cheap": untrained(0.5, 400), "unknown": untrained(0.4, 400)}
    assert dropped(judge(field, ALL, 0.02, aim="front", spend={"cheap": 1.0})) == {"unknown"}
    better = field | {"unknown": untrained(0.9, 400)}
    assert not dropped(judge(better, ALL, 0.02, aim="front", spend={"cheap": 1.0, "unknown": float("nan")}))


def test_of_those_whose_costs_are_all_unknown_the_best_stays() -> None:
    field = {"good": untrained(0.9, 400), "bad": untrained(0.4, 400)}
    found = judge(field, ALL, 0.02, aim="front", spend={})
    assert dropped(found) == {"bad"}
    assert "good, which costs no more," in found["bad"].why


def test_the_front_needs_costs() -> None:
    with pytest.raises(ValueError, match="costs"):
        judge({"a": untrained(0.5)}, ALL, 0.02, aim="front")


def test_one_alone_stays() -> None:
    found = judge({"only": untrained(0.1)}, ALL, 0.5)
    assert not found["only"].drop
    assert found["only"].chance == 1.0
    assert found["only"].why == "It is the only one that is left."


def test_what_was_not_seen_yet_stays() -> None:
    nothing = Performance(np.array([], np.str_), ())
    found = judge({"new": [], "empty": [Stage(200, nothing)], "seen": untrained(0.9)}, ALL, 0.5)
    assert not dropped(found)
    assert isnan(found["new"].chance)
    assert isnan(found["empty"].now)
    assert judge({}, ALL, 0.5) == {}


def test_a_metric_that_is_unknown_drops_nobody() -> None:
    unknown = performance([(["a", "b"], Statistic.of_mean(np.array([np.nan, 1.0])))])
    found = judge({"unknown": [Stage(None, unknown)], "seen": untrained(0.9)}, ALL, 0.5)
    assert not dropped(found)


def test_f1_is_judged_too() -> None:
    labels, draw = ["x", "y", "z"], np.random.default_rng(0)
    targets = draw.choice(labels, 300, p=[0.6, 0.3, 0.1]).tolist()

    def of(right: float) -> Performance:
        answers = [target if draw.random() < right else "x" for target in targets]
        statistic = get_task("single_label").statistics(targets, answers, labels)["macro_f1"]
        return performance([([f"{i:05}" for i in range(300)], statistic)])

    found = judge({"good": [Stage(None, of(0.95))], "bad": [Stage(None, of(0.3))], "new": [Stage(100, of(0.4))]},
                  ALL, 0.02)  # fmt: skip
    assert dropped(found) == {"bad"}


def test_those_who_saw_fewer_texts_are_judged_beside_the_others() -> None:
    """A leader that is through is known better than those that are a round behind."""
    behind = [Stage(200, seen(0.6, 40, 1)), Stage(600, seen(0.62, 120, 1))]
    leader = [Stage(ALL, seen(0.93, 400))]
    found = judge({"behind": behind, "leader": leader}, ALL, 0.02)
    assert dropped(found) == {"behind"}
    assert found["leader"].final_high - found["leader"].final_low < 0.1


def test_sentences_of_few_documents_say_less_than_so_many_texts() -> None:
    def of(right: float, documents: int) -> list[Stage]:
        ids = [f"doc{i % documents}#{i:04}" for i in range(240)]
        whole = np.arange(documents) < right * documents
        answers = Statistic.of_mean(np.array([whole[i % documents] for i in range(240)], float))
        groups = np.arange(240) % documents
        order = np.argsort(ids)
        return [Stage(None, Performance(np.array(ids)[order], (answers.take(order),), groups[order]))]

    few = judge({"a": of(0.75, 4), "b": of(0.5, 4)}, ALL, 0.02)
    many = judge({"a": of(0.75, 240), "b": of(0.5, 240)}, ALL, 0.02)
    assert few["b"].final_high > many["b"].final_high + 0.1


def test_the_same_seed_judges_the_same() -> None:
    field = {f"c{i}": trained((200, 0.6 + 0.02 * i), alone=i) for i in range(3)}
    assert judge(field, ALL, 0.05) == judge(field, ALL, 0.05)
    assert judge(field, ALL, 0.05) != judge(field, ALL, 0.05, seed=1)


def test_what_a_decision_does_not_take_is_left_for_the_next() -> None:
    assert allowance(0.06, 0.0, 3) == pytest.approx(0.02)
    assert allowance(0.06, 0.0, 2) == pytest.approx(0.03)
    assert allowance(0.06, 0.06, 1) == 0.0
    assert allowance(0.06, 0.09, 1) == 0.0
    assert allowance(0.06, 0.0, 0) == pytest.approx(0.06)


def test_the_stated_chance_comes_true() -> None:
    """In worlds that are as the prior says, the best is dropped, by more than a tie, no more often than was risked."""
    draw, harm, risk, worlds = np.random.default_rng(5), 0, 0.1, 60
    for world in range(worlds):
        slopes = 0.25 * np.exp(draw.normal(0, 0.77) + draw.normal(0, 0.63, 5))
        start = draw.uniform(0.2, 0.6, 5)
        truth = 1 - start * 9**-slopes
        field = {}
        for i in range(5):
            right = (draw.random(200) < 1 - start[i]).astype(float)
            field[str(i)] = [Stage(200, performance([([f"{t:04}" for t in range(200)], Statistic.of_mean(right))]))]
        out = dropped(judge(field, ALL, risk, seed=world))
        stay = [truth[i] for i in range(5) if str(i) not in out]
        harm += truth.max() - max(stay) > 0.01
    assert harm / worlds <= 0.2


def test_a_tie_is_what_the_test_texts_could_hardly_show() -> None:
    close = {"a": trained((600, 0.8), alone=1), "b": trained((600, 0.79), alone=2), "far": trained((600, 0.3), alone=3)}
    few, some, many = (tie_of(close, texts) for texts in (100, 4000, 1_000_000))
    assert few == 0.03
    assert 0.01 < some < 0.03
    assert many == 0.01
    one = paired_difference(close["a"][0].performance, close["b"][0].performance)
    assert some == pytest.approx((one.high - one.low) / 2 * (300 / 4000) ** 0.5)


@pytest.mark.parametrize("stages", [{}, {"a": []}, {"alone": untrained(0.5)}])
def test_a_tie_is_a_point_where_nothing_can_be_compared(stages: dict[str, list[Stage]]) -> None:
    assert tie_of(stages, 100) == 0.01


def test_a_wider_tie_lets_more_go() -> None:
    level = {name: trained((200, right), (600, right + 0.1), alone=i)
             for i, (name, right) in enumerate({"a": 0.76, "b": 0.75, "c": 0.74, "d": 0.73}.items())}  # fmt: skip
    assert len(dropped(judge(level, ALL, 0.05, tie=0.05))) >= len(dropped(judge(level, ALL, 0.05, tie=0.0)))
    assert dropped(judge(level, ALL, 0.05, tie=0.5)) == {"b", "c", "d"}

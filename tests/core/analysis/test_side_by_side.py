"""Candidates text by text, label by label and setting by setting: known answers, scikit-learn's F1."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from core.analysis.differing import differing
from core.analysis.label_scores import _F1, _Candidate, _labels, label_scores
from core.analysis.side_by_side import most_given, side_by_side
from core.analysis.spread import joint_spread, side_of
from core.analysis.statistic import Statistic
from core.candidates import resolve
from core.spec import RunSpec
from core.tasks import get_task

RANDOM = np.random.default_rng(5)
IDS = ["d", "a", "c", "b"]
DUE = ["x", "y", "x", "z"]


def test_answers_are_aligned_by_id_and_counted() -> None:
    found = side_by_side(
        {
            "one": [(IDS, DUE, ["x", "y", "y", None])],
            "two": [(["a", "b", "c", "e"], ["y", "z", "x", "x"], ["y", "z", "z", "x"])],
        }
    )
    assert found.ids.tolist() == ["a", "b", "c"]
    assert found.right.tolist() == [[True, False, False], [True, True, False]]
    assert [found.target(place) for place in range(3)] == ["y", "z", "x"]
    assert [found.answer("one", place) for place in range(3)] == ["y", None, "y"]
    assert found.differing.tolist() == [1, 2]
    agreed = found.agreement("one", "two")
    assert (agreed.both_right, agreed.only_a, agreed.only_b, agreed.both_wrong, agreed.same) == (1, 0, 1, 1, 1)
    turned = found.agreement("two", "one")
    assert (turned.only_a, turned.only_b) == (1, 0)
    assert sum(count for _, count in found.patterns()) == len(found)


def test_another_order_of_the_candidates_changes_nobody() -> None:
    runs = {"one": [(IDS, DUE, ["x", "y", "y", None])], "two": [(IDS, DUE, ["x", "x", "y", "z"])]}
    found = side_by_side(runs)
    turned = found.ordered(["two", "one"])
    assert turned.names == ("two", "one")
    for name in runs:
        assert [turned.answer(name, place) for place in range(4)] == [found.answer(name, place) for place in range(4)]
    assert turned.agreement("one", "two") == found.agreement("one", "two")
    assert turned.differing.tolist() == found.differing.tolist()


def test_texts_where_most_differ_come_first() -> None:
    answers = {"p": ["x", "y", "x", "z"], "q": ["x", "z", "y", "z"], "r": ["x", "z", "z", "z"]}
    found = side_by_side({name: [(IDS, DUE, said)] for name, said in answers.items()})
    assert found.ids[found.differing].tolist() == ["c", "a"]


def test_of_several_runs_the_most_frequent_answer_stands_and_the_first_breaks_ties() -> None:
    codes, share = most_given(np.array([[1, 1, 1], [2, 1, 2], [2, 1, 3]]))
    assert codes.tolist() == [2, 1, 1]
    assert share.tolist() == pytest.approx([2 / 3, 1.0, 1 / 3])


def test_many_runs_with_few_answers_are_counted_alike() -> None:
    codes = RANDOM.integers(0, 3, (9, 40))
    found, share = most_given(codes)
    for text in range(40):
        counts = [int((codes[:, text] == run).sum()) for run in codes[:, text]]
        assert found[text] == codes[counts.index(max(counts)), text]
        assert share[text] == pytest.approx(max(counts) / 9)


def test_intervals_of_labels_over_very_many_texts_are_near_those_of_resampling(monkeypatch: pytest.MonkeyPatch) -> None:
    due = RANDOM.choice(["a", "b", "c"], 2500, p=[0.6, 0.3, 0.1]).tolist()
    said = [[t if RANDOM.random() < 0.7 else "a" for t in due] for _ in range(2)]
    runs = [get_task("single_label").statistics(due, one, ["a", "b", "c"])["macro_f1"] for one in said]
    drawn = label_scores({"m": runs})
    monkeypatch.setattr("core.analysis.resampling.MANY", 4000)
    for one, smooth in zip(drawn, label_scores({"m": runs}), strict=True):
        (value, low, high), told = one.f1["m"], smooth.f1["m"]
        assert told != one.f1["m"]
        assert told[0] == value
        assert told[1:] == pytest.approx((low, high), abs=0.15 * (high - low))


def test_an_unreadable_answer_is_never_right() -> None:
    found = side_by_side({"a": [(["1"], ["x"], [None])], "b": [(["1"], ["x"], [None])]})
    assert not found.right.any()
    assert found.agreement("a", "b").same == 1


def test_without_a_shared_text_nothing_is_compared() -> None:
    assert len(side_by_side({"a": [(["1"], ["x"], ["x"])], "b": [(["2"], ["x"], ["x"])]})) == 0


def statistic(targets: list[str], answers: list[str | None], labels: list[str]) -> Statistic:
    return get_task("single_label").statistics(targets, answers, labels)["macro_f1"]


def test_labels_have_the_figures_of_scikit_learn_and_intervals_that_hold_them() -> None:
    labels = ["p", "q", "r"]
    targets = RANDOM.choice(labels, 400, p=[0.6, 0.3, 0.1]).tolist()
    runs = [[t if RANDOM.random() < 0.8 else str(RANDOM.choice(labels)) for t in targets] for _ in range(2)]
    found = label_scores({"a": [statistic(targets, run, labels) for run in runs],
                          "b": [statistic(targets, runs[0], labels)]})  # fmt: skip
    assert [one.label for one in found] == sorted(labels, key=lambda label: -targets.count(label))
    for one in found:
        of = [one.label]
        for name, mine in (("a", runs), ("b", runs[:1])):
            value, low, high = one.f1[name]
            assert value == pytest.approx(np.mean([f1_score(targets, r, labels=of, average="macro") for r in mine]))
            assert low < value < high
            given = [precision_score(targets, r, labels=of, average="macro") for r in mine]
            assert one.precision[name] == pytest.approx(np.mean(given))
            assert one.recall[name] == pytest.approx(
                np.mean([recall_score(targets, r, labels=of, average="macro") for r in mine])
            )
        assert one.support == targets.count(one.label)
    widths = {one.label: one.f1["b"][2] - one.f1["b"][1] for one in found}
    assert widths["r"] > widths["p"], "a rare label is less sure"


def test_a_label_that_is_always_right_is_not_certain() -> None:
    targets = ["x"] * 10 + ["y"] * 90
    (_, rare) = label_scores({"a": [statistic(targets, list(targets), ["x", "y"])]})
    assert rare.label == "x"
    assert rare.f1["a"] == (1.0, pytest.approx(0.7), 1.0)


def spec(candidate: str, **settings: object) -> RunSpec:
    return RunSpec(dataset="d", fingerprint="f", task="single_label", candidate=resolve(candidate, dict(settings)))


def test_only_what_differs_is_told() -> None:
    rows = differing({"a": [spec("minilm-full")], "b": [spec("minilm-full", epochs=9)]},
                     {"a": {"hardware": "CPU"}, "b": {"hardware": "CPU"}})  # fmt: skip
    assert [(row.name, row.values["b"], row.is_shared) for row in rows] == [("epochs", 9, True)]


def test_settings_of_one_method_alone_are_told_apart() -> None:
    rows = {row.name: row for row in differing({"a": [spec("tfidf-linear")], "b": [spec("minilm-full")]}, {})}
    assert rows["method"].is_shared
    assert not rows["epochs"].is_shared
    assert "a" not in rows["epochs"].values


def test_4_and_four_point_nought_are_the_same_and_1_and_true_are_not() -> None:
    one, other = spec("majority"), spec("majority")
    assert not differing({"a": [one], "b": [other]}, {"a": {"n": 4}, "b": {"n": 4.0}})
    (row,) = differing({"a": [one], "b": [other]}, {"a": {"n": 1}, "b": {"n": True}})
    assert row.is_shared


@pytest.mark.parametrize("runs", [1, 3])
def test_over_very_many_texts_the_intervals_are_those_of_the_influence_of_each(runs: int) -> None:
    labels = ["p", "q", "r"]
    targets = RANDOM.choice(labels, 2000).tolist()
    found = [statistic(targets, [t if RANDOM.random() < 0.8 else str(RANDOM.choice(labels)) for t in targets], labels)
             for _ in range(runs)]  # fmt: skip
    candidate = _Candidate(found)
    for label, (value, low, high) in candidate._smooth(labels).items():
        of_label = [Statistic(one.counts, _F1(_labels(one).index(label), len(_labels(one)))) for one in found]
        expected = joint_spread([side_of(of_label)])
        assert value == pytest.approx(candidate.mean(label, 2))
        assert (high - low) / 2 == pytest.approx(expected.quantile * expected.error, rel=1e-6)
    if runs == 1:
        drawn = candidate.intervals(labels, 0, None)
        for label, (_, low, high) in candidate._smooth(labels).items():
            assert (low, high) == pytest.approx(drawn[label][1:], abs=0.006)

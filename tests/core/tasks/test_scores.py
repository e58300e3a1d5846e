"""Every metric of every task against scikit-learn and seqeval on random cases."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
import seqeval.metrics as seqeval
import sklearn.metrics as sk
from seqeval.scheme import IOB2
from sklearn.preprocessing import MultiLabelBinarizer

from core.tasks import TASKS, get_task
from core.tasks.words import bio_tags
from tests.core.tasks.cases import TEXT_LABELS, WORDS, case, label_set

pytestmark = pytest.mark.filterwarnings("ignore")
STRICT = {"mode": "strict", "scheme": IOB2}
SEEDS = range(12)


def values(task: str, targets: Sequence[str], found: Sequence[str | None]) -> dict[str, float]:
    return {score.metric: score.value for score in get_task(task).score(targets, found, label_set(task), "test")}


def tags(task: str, encoded: Sequence[str | None]) -> list[list[str]]:
    decode = get_task(task).decode
    return [["O"] * len(WORDS) if value is None else bio_tags(decode(value).spans, WORDS) for value in encoded]


@pytest.mark.parametrize("strange", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_single_label_equals_scikit_learn(seed: int, strange: bool) -> None:
    gold, found = case("single_label", seed, strange=strange)
    told = [p if p in TEXT_LABELS else "invalid" for p in found]
    seen = [label for label in TEXT_LABELS if label in gold or label in told]
    assert values("single_label", gold, found) == pytest.approx(
        {
            "accuracy": sk.accuracy_score(gold, told),
            "macro_f1": sk.f1_score(gold, told, labels=seen, average="macro"),
            "weighted_f1": sk.f1_score(gold, told, labels=seen, average="weighted"),
            "mcc": sk.matthews_corrcoef(gold, told),
        }
    )


@pytest.mark.parametrize("strange", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_multi_label_equals_scikit_learn(seed: int, strange: bool) -> None:
    gold, found = case("multi_label", seed, strange=strange)
    columns = TEXT_LABELS + ["ghost"] * any("ghost" in (p or "") for p in found)
    binary = MultiLabelBinarizer(classes=columns)
    due, given = binary.fit_transform([json.loads(t) for t in gold]), [json.loads(p) if p else [] for p in found]
    told = binary.transform(given)
    read = [p is not None for p in found]
    assert values("multi_label", gold, found) == pytest.approx(
        {
            "micro_f1": sk.f1_score(due, told, average="micro"),
            "macro_f1": np.nan_to_num(sk.f1_score(due, told, average="macro", zero_division=np.nan)),
            "subset_accuracy": np.mean(read & (due == told).all(1)),
            "hamming_loss": sk.hamming_loss(due, told),
        }
    )


@pytest.mark.parametrize("strange", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_token_labels_equal_seqeval(seed: int, strange: bool) -> None:
    gold, found = case("token_labels", seed, strange=strange)
    due, told = tags("token_labels", gold), tags("token_labels", found)
    nothing = not any(tag != "O" for text in due + told for tag in text)
    assert values("token_labels", gold, found) == pytest.approx(
        {
            "f1": seqeval.f1_score(due, told, **STRICT), "precision": seqeval.precision_score(due, told, **STRICT),
            "recall": seqeval.recall_score(due, told, **STRICT),
            "macro_f1": 0 if nothing else seqeval.f1_score(due, told, average="macro", **STRICT),
        }
    )  # fmt: skip


@pytest.mark.parametrize("strange", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_intent_slots_equal_seqeval_and_counting(seed: int, strange: bool) -> None:
    gold, found = case("intent_slots", seed, strange=strange)
    due, told = tags("intent_slots", gold), tags("intent_slots", found)
    intents = [json.loads(t)["intent"] for t in gold], [json.loads(p)["intent"] if p else "invalid" for p in found]
    assert values("intent_slots", gold, found) == pytest.approx(
        {
            "exact_match": np.mean([a == b and c == d for a, b, c, d in zip(*intents, due, told, strict=True)]),
            "intent_accuracy": sk.accuracy_score(*intents),
            "slot_f1": seqeval.f1_score(due, told, **STRICT),
            "slot_precision": seqeval.precision_score(due, told, **STRICT),
            "slot_recall": seqeval.recall_score(due, told, **STRICT),
        }
    )


@pytest.mark.parametrize("task", ["token_labels", "intent_slots"])
def test_the_report_of_spans_equals_seqeval(task: str) -> None:
    gold, found = case(task, 3, n=80, strange=True)
    told = seqeval.classification_report(tags(task, gold), tags(task, found), output_dict=True, **STRICT)
    rows = {row["label"].removeprefix("slot:"): row for row in get_task(task).report(gold, found, label_set(task))}
    assert "ghost" in rows
    for label in ("city", "person", "time", "ghost"):
        expected = [told[label][key] for key in ("precision", "recall", "f1-score", "support")]
        assert [rows[label][key] for key in ("precision", "recall", "f1", "support")] == pytest.approx(expected)


@pytest.mark.parametrize("task", ["single_label", "multi_label", "intent_slots"])
def test_the_report_of_text_labels_equals_scikit_learn(task: str) -> None:
    gold, found = case(task, 4, n=80, strange=True)
    decode, rows = get_task(task).decode, get_task(task).report(gold, found, label_set(task))
    for row in rows:
        label = row["label"].removeprefix("intent:")
        if label not in TEXT_LABELS:
            continue
        due = [label in decode(t).labels for t in gold]
        told = [p is not None and label in decode(p).labels for p in found]
        precision, recall, f1, _ = sk.precision_recall_fscore_support(due, told, average="binary", zero_division=0)
        assert (row["precision"], row["recall"], row["f1"]) == pytest.approx((precision, recall, f1))
        assert (row["support"], row["predicted"]) == (sum(due), sum(told))


@pytest.mark.parametrize("task", TASKS)
def test_scores_lie_in_their_intervals_and_the_primary_one_is_first(task: str) -> None:
    for seed in range(5):
        gold, found = case(task, seed, strange=True)
        scores = get_task(task).score(gold, found, label_set(task), "test")
        assert scores[0].metric == get_task(task).primary_metric
        assert {score.metric for score in scores} == get_task(task).metrics.keys()
        assert all(s.low is not None and s.high is not None and s.low <= s.value <= s.high for s in scores)
    perfect = get_task(task).score(gold, gold, label_set(task), "test")
    assert all(s.low < 1 or s.metric == "hamming_loss" for s in perfect), "certainty is never claimed"
    assert [s.value for s in get_task(task).score([], [], label_set(task), "test")] == [0.0] * len(perfect)


@pytest.mark.parametrize("task", TASKS)
def test_unequal_numbers_are_refused(task: str) -> None:
    gold, found = case(task, 1, n=3)
    with pytest.raises(ValueError):
        get_task(task).score(gold, found[:2], label_set(task), "test")

"""Datasets of the intents alone and of the slots alone."""

from pathlib import Path

import pytest

from core.data.dataset import load_dataset, save_dataset
from core.data.importing import import_dataset
from core.data.views import derive
from core.errors import TradeoffError
from core.home import Home
from core.tasks import Target, get_task
from tests.conftest import small_frame
from tests.core.data import written


@pytest.fixture
def both(home: Home, tmp_path: Path):
    rows = [
        {"text": example.text, "spans": written.plain_spans(example), "intent": example.target.labels[0]}
        for example in written.made(60, seed=9)
    ]
    return import_dataset(home, "both", written.write_jsonl(tmp_path / "x.jsonl", rows))


def test_each_part_has_the_same_texts_ids_and_splits(home: Home, both) -> None:
    decode = get_task("intent_slots").decode
    for part, task, taken in (("intent", "single_label", lambda t: Target(t.labels)),
                              ("slots", "token_labels", lambda t: Target(spans=t.spans))):  # fmt: skip
        made = derive(home, "both", part)  # type: ignore[arg-type]
        assert (made.info.name, made.info.task) == (f"both-{part}", task)
        for column in ("id", "text", "split"):
            assert made.frame[column].tolist() == both.frame[column].tolist()
        expected = [get_task(task).encode(taken(decode(target))) for target in both.frame["target"]]
        assert made.frame["target"].tolist() == expected
        assert (made.info.source["from"], made.info.source["fingerprint"]) == ("both", both.info.fingerprint)
        assert derive(home, "both", part).info.fingerprint == made.info.fingerprint  # type: ignore[arg-type]
    assert load_dataset(home, "both").info.fingerprint == both.info.fingerprint


def test_what_cannot_be_derived_is_told(home: Home, both) -> None:
    with pytest.raises(TradeoffError, match="no part"):
        derive(home, "both", "words")  # type: ignore[arg-type]
    with pytest.raises(TradeoffError, match="Did you mean"):
        derive(home, "bothh", "intent")
    save_dataset(home, small_frame(), "plain", "single_label")
    with pytest.raises(TradeoffError, match="its task is single_label"):
        derive(home, "plain", "intent")
    save_dataset(home, small_frame(), "both-slots", "single_label")
    with pytest.raises(TradeoffError, match="was not made of both"):
        derive(home, "both", "slots")


def test_an_older_version_and_a_long_name(home: Home, both) -> None:
    name = "n" * 80
    frame = both.frame.assign(id=both.frame["id"] + "x")
    first = save_dataset(home, both.frame, name, "intent_slots")
    save_dataset(home, frame, name, "intent_slots")
    made = derive(home, name, "intent", first.info.fingerprint)
    assert made.frame["id"].tolist() == both.frame["id"].tolist()
    assert len(made.info.name) <= 80

"""What zero-shot encoders share: labels as words, passes, windows, and configurations that are safe to hand on."""

import json
from pathlib import Path

import pytest

from core.candidates import resolve
from core.data.dataset import DatasetInfo
from core.devices import DeviceInfo
from core.errors import TradeoffError
from core.estimating.estimate import estimate
from core.estimating.model_shapes import shape_of
from core.methods.gliner_windows import Found, owned, stretches, without_overlap
from core.methods.models import local_path
from core.methods.zero_shot import harmless, label_groups, own_configuration, shown_labels, text_room
from core.preferences import Preferences
from core.spec import RunSpec

BERT = {"model_type": "bert", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 90}


def test_labels_are_shown_as_words_unless_two_become_one() -> None:
    labels = ["fromloc.city_name", "creative-work", "PER"]
    assert shown_labels(labels, True, ()) == ["fromloc city name", "creative work", "PER"]
    assert shown_labels(labels, False, ()) == labels
    assert shown_labels(["a_b", "a-b"], True, ()) == ["a_b", "a-b"]
    assert shown_labels(["_", "<<SEP>>x"], True, ("<<SEP>>",)) == ["_", "< <SEP>>x"]


def test_marks_in_texts_are_broken_up() -> None:
    assert harmless("<<LABEL>>a<<SEP>>", ("<<LABEL>>", "<<SEP>>")) == "< <LABEL>>a< <SEP>>"


def test_groups_hold_every_label_once_and_fit() -> None:
    lengths = [3, 9, 1, 1, 7, 2, 2]
    groups = label_groups(lengths, 8)
    assert [place for group in groups for place in group] == list(range(len(lengths)))
    assert all(sum(lengths[place] for place in group) <= 8 or len(group) == 1 for group in groups)
    assert max(len(group) for group in label_groups(lengths, 99, 3)) == 3


def test_a_label_that_leaves_no_room_is_told() -> None:
    assert text_room(64, 20, "model") == 44
    with pytest.raises(TradeoffError, match="leaves no room"):
        text_room(64, 60, "model")


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.9])
def test_windows_fit_and_each_word_counts_once(overlap: float) -> None:
    tokens = [1, 2, 9, 1, 1, 3, 2, 2, 1, 1, 4, 1]
    windows = stretches(tokens, 6, 4, overlap)
    assert [i for one in windows for i in range(one.own_first, one.own_last)] == list(range(len(tokens)))
    for one in windows:
        assert one.first <= one.own_first <= one.own_last <= one.last
        assert one.last - one.first <= 4
        assert sum(tokens[one.first : one.last]) <= 6 or one.last == one.first + 1
    assert stretches([], 6, 4, overlap) == []


def test_the_best_spans_stay_where_they_overlap() -> None:
    found = [Found(0, 5, "a", 0.5), Found(3, 8, "b", 0.9), Found(8, 9, "a", 0.2), Found(0, 5, "b", 0.5)]
    assert without_overlap(found) == [Found(3, 8, "b", 0.9), Found(8, 9, "a", 0.2)]
    (window,) = stretches([1, 1], 9, 9, 0)
    assert owned(found, window._replace(own_first=1), [(0, 2), (3, 8)]) == [found[1]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"encoder_config": {**BERT, "auto_map": {}}}, "program code"), ({}, "its encoder's"),
        ({"encoder_config": {"model_type": "nothing"}}, "not one that transformers knows"), ([], "program code"),
    ],
)  # fmt: skip
def test_configurations_that_are_not_safe_are_refused(content: object, told: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(content))
    with pytest.raises(TradeoffError, match=told):
        own_configuration(file, "model")
    file.write_text(json.dumps({"encoder_config": BERT}))
    assert own_configuration(file, "model")["encoder_config"] == BERT
    with pytest.raises(TradeoffError, match="is missing"):
        own_configuration(tmp_path / "none.json", "model")


def test_a_gliner_folder_without_safetensors_says_how_to_convert_it(tmp_path: Path) -> None:
    (tmp_path / "gliner_config.json").write_text("{}")
    with pytest.raises(TradeoffError, match="no safetensors") as error:
        local_path(str(tmp_path), tmp_path)
    assert "docs/zero-shot.md" in error.value.remedy


@pytest.mark.parametrize(
    ("file", "ending", "task"),
    [("config.json", "gliclass", "multi_label"), ("gliner_config.json", "gliner", "token_labels")],
)
def test_time_and_memory_are_told_before_it_runs(file: str, ending: str, task: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(json.dumps({"encoder_config": BERT, "hidden_size": 512}))
    assert (shape := shape_of(str(tmp_path)))
    assert shape.hidden == 32
    times = []
    for labels in (["a", "b"], [str(i) for i in range(100)]):
        info = DatasetInfo(
            name="d", task=task, fingerprint="", labels=labels, created_at="",
            counts={"train": 100, "validation": 50, "test": 5000},
        )  # fmt: skip
        spec = RunSpec(
            dataset="d", fingerprint="", task=task, candidate=resolve(f"{tmp_path}-{ending}"), train_size=None, seed=0,
            device="cpu",
        )  # fmt: skip
        device = DeviceInfo(kind="cpu", name="2 cores", memory_bytes=8 * 2**30)
        found = estimate(spec, info, 20.0, [], [device], Preferences())
        assert found.seconds
        assert found.peak_ram_bytes
        times.append(found.seconds)
    assert times[1] > times[0], "labels are read with every text"

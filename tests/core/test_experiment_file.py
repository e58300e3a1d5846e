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


@pytest.mark.parametrize(("text", "told"), [
    ("a: [", "line 1"), ("- x", "no keys"), ("", "no keys"), ("just words", "no keys"),
    ("dataset: d\ncandidate: [a]", r'line 2.*Did you mean "candidates"'),
    ("dataset: d\ncandidates: []", "candidates: .*line 2"), ("dataset: d\ncandidates: a", "candidates: .*line 2"),
    ("dataset: d\ncandidates: [a]\nseeds: [x]", "seeds.*line 3"), ("candidates: [a]", "dataset: field required"),
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

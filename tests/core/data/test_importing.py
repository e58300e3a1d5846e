"""From files to a dataset version, as pages and the command line do it."""

import json
from pathlib import Path

import pytest

from core.data.dataset import load_dataset
from core.data.importing import checked_name, import_dataset, preview, read_text_column
from core.errors import TradeoffError
from core.home import Home

SHARED = Path(__file__).parents[3] / "../shared/data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not here")
WORDS = [
    "sun",
    "moon",
    "star",
    "rain",
    "snow",
    "wind",
    "tree",
    "leaf",
    "root",
    "seed",
    "fish",
    "bird",
    "frog",
    "wolf",
    "bear",
]


def lines(count: int, labels: tuple[str, ...] = ("up", "down"), start: int = 0) -> list[tuple[str, str]]:
    pick = [(WORDS[n % 15], WORDS[(n * 7 + n // 15) % 15], WORDS[(n * 4 + n // 7) % 15]) for n in range(count + start)]
    return [(f"{' and '.join(words)} {n}", labels[n % len(labels)]) for n, words in enumerate(pick)][start:]


@pytest.fixture
def put(tmp_path: Path):
    def put(rows: list[tuple[str, ...]], name: str = "set.csv", header: str = "text,label") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
        return path

    return put


def warnings_of(dataset) -> str:
    return "\n".join(dataset.info.source["warnings"])


@needs_shared
@pytest.mark.parametrize(("name", "train", "test", "labels"), [
    ("banking77", 10003, 3080, 77), ("fpb_50agree", 3877, 969, 3), ("liar", 10269, 1283, 6),
])  # fmt: skip
def test_real_sets(home: Home, name: str, train: int, test: int, labels: int) -> None:
    folder = SHARED / name
    validation = folder / "validation.csv"
    info = import_dataset(
        home, name, folder / "train.csv", test=folder / "test.csv",
        validation=validation if validation.exists() else None,
    ).info  # fmt: skip
    made = 0 if validation.exists() else info.counts["validation"]
    assert info.counts["train"] + made == train
    assert info.counts["test"] == test
    assert len(info.labels) == labels
    assert info.left_out == 0
    if made:
        assert made == pytest.approx(0.1 * train, rel=0.02)


@needs_shared
def test_real_null_labels_are_left_out_and_the_words_true_and_false_stay(home: Home) -> None:
    path = SHARED / "messy/liar_new_null_labels.jsonl"
    dataset = import_dataset(home, "new", path, label="possibility_label")
    assert (dataset.info.labels, len(dataset.frame), dataset.info.left_out) == (["i", "p"], 1955, 2)
    assert dataset.info.source["left_out"] == {"no label": 2}
    assert "Left out 2 rows without a label" in warnings_of(dataset)
    assert {"true", "false", "half-true"} <= set(import_dataset(home, "new", path).info.labels)


@needs_shared
def test_real_file_without_header_is_mapped_by_number(home: Home) -> None:
    path = SHARED / "messy/liar_test_unbalanced_quotes_no_header.tsv"
    dataset = import_dataset(home, "liar test", path, text="column 3", label="column 2")
    assert len(dataset.frame) == 1283
    assert len(dataset.info.labels) == 6


def test_one_file_is_split_and_all_that_was_done_is_kept(home: Home, put) -> None:
    dataset = import_dataset(home, "my set", put(lines(100)), seed=4, note="a note", filenames={"train": "../../a.csv"})
    info = load_dataset(home, "my set").info
    assert (info.counts, info.note) == ({"train": 68, "validation": 12, "test": 20}, "a note")
    file = info.source["files"][0]
    assert (file["filename"], file["rows"], file["encoding"], file["delimiter"]) == ("a.csv", 100, "utf-8", ",")
    assert file["columns"] == {"text": "text", "label": "label"}
    assert info.source["seed"] == 4
    assert "20% of train" in info.source["splits"]["test"]
    assert info.source["splits"]["train"] == "given"
    json.dumps(info.source, allow_nan=False)
    assert dataset.frame["id"].tolist()[:2] == ["row-1", "row-2"]
    again = import_dataset(home, "my set", put(lines(100)), seed=4)
    assert again.info.fingerprint == info.fingerprint


def test_files_of_their_own_are_never_altered(home: Home, put) -> None:
    train, test = put(lines(60)), put(lines(20, start=30), "test.csv")
    dataset = import_dataset(home, "two", train, test=test)
    frame = dataset.frame
    assert frame[frame["split"] == "test"]["text"].tolist() == [text for text, _ in lines(20, start=30)]
    assert frame[frame["split"] == "test"]["id"].tolist() == [f"test-{n}" for n in range(1, 21)]
    assert set(frame[frame["split"] == "validation"]["id"].str.split("-").str[0]) == {"train"}
    three = import_dataset(home, "three", train, validation=put(lines(9), "v.csv"), test=test)
    assert three.info.counts == {"train": 60, "validation": 9, "test": 20}
    assert set(three.info.source["splits"].values()) == {"given"}


def test_a_split_column_is_used(home: Home, put) -> None:
    words = ["Train"] * 8 + ["dev", "TEST"]
    rows = [(*line, words[n % 10]) for n, line in enumerate(lines(100))]
    path = put(rows, header="text,label,split")
    assert import_dataset(home, "a", path).info.counts == {"train": 80, "validation": 10, "test": 10}
    some = [(text, label, "" if split == "dev" else split) for text, label, split in rows]
    dataset = import_dataset(home, "b", put(some, header="text,label,split"))
    assert dataset.info.source["left_out"] == {"no split": 10}
    assert dataset.info.counts["test"] == 10
    assert dataset.info.counts["validation"] == 12
    odd = [(text, label, "trian") for text, label, _ in rows]
    with pytest.raises(TradeoffError, match='"trian", which is no split'):
        import_dataset(home, "c", put(odd, header="text,label,split"), split="split")


def test_ids_of_the_file_are_kept_when_they_tell_rows_apart(home: Home, put) -> None:
    rows = [(f"q{n}", *line) for n, line in enumerate(lines(60))]
    frame = import_dataset(home, "a", put(rows, header="id,text,label")).frame
    assert frame["id"].tolist()[:3] == ["q0", "q1", "q2"]
    train, test = put(rows, header="id,text,label"), put(rows[:20], "test.csv", header="id,text,label")
    frame = import_dataset(home, "b", train, test=test, id="id").frame
    assert frame["id"].tolist()[0] == "train-q0"
    assert frame["id"].tolist()[-1] == "test-q19"
    with pytest.raises(TradeoffError, match="not unique"):
        import_dataset(home, "c", put([("same", *line) for line in lines(60)], header="id,text,label"), id="id")


def test_a_test_file_with_other_column_names_is_guessed_anew(home: Home, put) -> None:
    test = put([(label, text) for text, label in lines(20)], "test.csv", header="intent,utterance")
    dataset = import_dataset(home, "a", put(lines(60)), test=test)
    assert dataset.info.source["files"][1]["columns"] == {"text": "utterance", "label": "intent"}
    with pytest.raises(TradeoffError, match='no column "text"'):
        import_dataset(home, "a", put(lines(60)), text="text", test=test)


def test_odd_labels_are_told(home: Home, put) -> None:
    labels = ("Spam", "spam", "nan", "[1]")
    told = warnings_of(import_dataset(home, "a", put(lines(80, labels))))
    assert "capital letters: Spam, spam" in told
    assert 'The label "nan" stands as a word in 20 rows' in told
    assert "look like lists" in told
    empty = [*lines(60), ("", "up"), ("  ", "down"), ("no label here", ""), ("nor here", "  ")]
    dataset = import_dataset(home, "b", put(empty))
    assert "2 empty texts" in warnings_of(dataset)
    assert dataset.info.left_out == 2
    assert not {"nan", "", "None"} & set(dataset.info.labels)
    test = put(lines(20, ("up", "sideways")), "test.csv")
    assert "that train does not have, so no model can learn them: sideways" in warnings_of(
        import_dataset(home, "c", put(lines(60)), test=test)
    )


def test_impossible_labels_are_refused(home: Home, put) -> None:
    for rows, told in (
        (lines(60, ("only",)), "fewer than two labels"), ([(text, text) for text, _ in lines(60)], "its own label"),
        ([(text, "") for text, _ in lines(60)], "No row has a label"),
    ):  # fmt: skip
        with pytest.raises(TradeoffError, match=told):
            import_dataset(home, "a", put(rows), text="text", label="label")
    assert not list(home.datasets.iterdir()), "nothing is half-written"


def test_ten_thousand_labels_and_a_megabyte_of_text_just_work(home: Home, put) -> None:
    rows = [(f"word{n} thing{n * 7} other{n * 13}", f"label {n // 3}") for n in range(30_000)]
    rows[5] = ("x" * 1_000_000, rows[5][1])
    dataset = import_dataset(home, "many", put(rows))
    assert len(dataset.info.labels) == 10_000
    assert "10,000 labels" in warnings_of(dataset)
    assert dataset.frame["text"].str.len().max() == 1_000_000
    train = dataset.frame[dataset.frame["split"] == "train"]
    assert train["target"].nunique() == 10_000


@pytest.mark.parametrize("name", ["", " ", "../up", "a/b", "a\\b", ".hidden", "-x", "a\nb", "x" * 81, "a:b", "nul\0"])
def test_names_that_could_be_paths_are_refused(home: Home, put, name: str) -> None:
    with pytest.raises(TradeoffError, match="cannot name a dataset"):
        import_dataset(home, name, put(lines(60)))


@pytest.mark.parametrize("name", ["trec", "My set 2.1", "a_b-c", "données", "数据", "x" * 80])
def test_other_names_are_fine(name: str) -> None:
    assert checked_name(name) == name


def test_an_unknown_task_is_told(home: Home, put) -> None:
    with pytest.raises(TradeoffError, match="single_label"):
        import_dataset(home, "a", put(lines(60)), task="single")  # type: ignore[arg-type]


def test_preview(put) -> None:
    path = put([*lines(60), ("x" * 5000, "up")], "any name.tmp", header="utterance,intent")
    shown = preview(path, filename="C:\\up\\set.csv")
    assert (shown.filename, shown.row_count, shown.row_count_exact) == ("set.csv", 61, True)
    assert (shown.format, shown.encoding, shown.delimiter_name, shown.header) == ("CSV", "utf-8", "comma", True)
    assert shown.guessed == {"text": "utterance", "label": "intent"}
    assert shown.labels == {"up": 31, "down": 30}
    assert len(shown.head) == 20
    assert shown.columns[1].samples == ["up", "down"]
    assert json.loads(json.dumps(shown.as_dict(), allow_nan=False))["columns"][0]["role"] == "text"


def test_preview_says_what_is_missing_and_estimates_long_files(put) -> None:
    shown = preview(put([("one thing", f"{n}") for n in range(200_000)], header="content,when"))
    assert not shown.row_count_exact
    assert shown.row_count == pytest.approx(200_000, rel=0.05)
    assert any("No label column" in warning for warning in shown.warnings)


@needs_shared
@pytest.mark.parametrize("path", sorted((SHARED / "messy").glob("*")), ids=lambda path: path.name)
def test_every_messy_file_can_be_previewed(path: Path) -> None:
    shown = preview(path)
    assert shown.head
    assert len(shown.head[0]) == len(shown.columns)
    json.dumps(shown.as_dict(), allow_nan=False)


def test_read_text_column(put) -> None:
    assert read_text_column(put([("a text really",)], header="text")) == ["a text really"]
    assert read_text_column(put(lines(3)), "label") == ["up", "down", "up"]
    with pytest.raises(TradeoffError, match='Did you mean "label"'):
        read_text_column(put(lines(3)), "lable")

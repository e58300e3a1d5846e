"""Importing for every task: what is written in any form comes back, the task is guessed, mistakes are told."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from core.data.dataset import Dataset, list_datasets, save_dataset
from core.data.importing import Told, import_dataset, preview
from core.data.split import make_splits
from core.data.strata import strata
from core.errors import TradeoffError
from core.home import Home
from core.tasks import Example, Span, Target, get_task
from tests.core.data import written
from tests.core.data.written import Made, made

SHARED = Path(__file__).parents[3] / "../shared/data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not here")
COUNT = 60


def targets_of(dataset: Dataset) -> dict[str, Target]:
    decode = get_task(dataset.info.task).decode
    return {text: decode(target) for text, target in zip(dataset.frame["text"], dataset.frame["target"], strict=True)}


def spans_only(examples: list[Made]) -> dict[str, Target]:
    return {example.text: Target(spans=example.target.spans) for example in examples}


def jsonl(row: Callable[[Made], dict]) -> Callable[[Path, list[Made]], Path]:
    return lambda folder, examples: written.write_jsonl(folder / "x.jsonl", [row(example) for example in examples])


def as_csv(row: Callable[[Made], dict]) -> Callable[[Path, list[Made]], Path]:
    return lambda folder, examples: written.write_csv(folder / "x.csv", [row(example) for example in examples])


def conll(**how) -> Callable[[Path, list[Made]], Path]:
    def write(folder: Path, examples: list[Made]) -> Path:
        path = folder / "x.txt"
        path.write_text(written.conll(examples, **how), encoding="utf-8")
        return path

    return write


NAMES = ["O", *(f"{mark}-{label}" for label in written.LABELS for mark in "BI")]
SPAN_FORMS = {
    "conll": (conll(), "tags", "BIO"),
    "conll with blanks and columns": (conll(sign=" ", extra=2), "tags", "BIO"),
    "conll iob1": (conll(scheme="IOB1"), "tags", "IOB1"),
    "conll bioes": (conll(scheme="BIOES", extra=1), "tags", "BIOES"),
    "conll bilou": (conll(scheme="BILOU"), "tags", "BILOU"),
    "tokens and tags": (jsonl(lambda e: {"tokens": e.tokens, "ner_tags": written.tagged(e)}), "tags", "BIO"),
    "tokens and labels": (jsonl(lambda e: {"words": e.tokens, "labels": written.tagged(e, "BILOU")}), "tags", "BILOU"),
    "text and tags": (jsonl(lambda e: {"text": e.text, "tags": written.tagged(e)}), "tags", "BIO"),
    "words with blanks": (
        as_csv(lambda e: {"text": e.text, "slots": " ".join(t.replace(" ", "") for t in written.tagged(e))}), "tags",
        "BIO",
    ),
    "spans": (jsonl(lambda e: {"text": e.text, "spans": written.plain_spans(e)}), "spans", None),
    "entities": (jsonl(lambda e: {"text": e.text, "entities": written.span_objects(e)}), "spans", None),
    "offsets": (
        jsonl(lambda e: {"data": 1, "text": e.text, "label": written.span_objects(e, "start_offset", "end_offset")}),
        "spans", None,
    ),
    "spans in csv": (as_csv(lambda e: {"text": e.text, "labels": json.dumps(written.plain_spans(e))}), "spans", None),
    "python lists": (as_csv(lambda e: {"tokens": str(e.tokens), "tags": str(written.tagged(e))}), "tags", "BIO"),
    "marked": (jsonl(lambda e: {"text": written.inline(e)}), "inline", None),
    "marked in csv": (as_csv(lambda e: {"sentence": written.inline(e)}), "inline", None),
}  # fmt: skip


@pytest.mark.parametrize("form", SPAN_FORMS)
def test_spans_come_back_from_every_form(home: Home, tmp_path: Path, form: str) -> None:
    write, name, scheme = SPAN_FORMS[form]
    labels = [label.replace(" ", "_") for label in written.LABELS] if "blanks" in form else written.LABELS
    examples = made(COUNT, seed=1, labels=labels)
    dataset = import_dataset(home, "x", write(tmp_path, examples))
    assert dataset.info.task == "token_labels"
    assert targets_of(dataset) == spans_only(examples)
    source = dataset.info.source
    assert (source["form"], source.get("scheme"), source["mended"], source["left_out"]) == (name, scheme, {}, {})
    assert source["task_guessed"]
    assert dataset.info.labels == sorted({span.label for example in examples for span in example.target.spans})


INTENT_FORMS = {
    "tokens": jsonl(lambda e: {
        "text": e.text, "tokens": e.tokens, "slots": written.tagged(e), "intent": e.target.labels[0],
    }),
    "massive": jsonl(lambda e: {
        "id": e.tokens[-1], "locale": "en-US", "partition": "train", "scenario": "any", "intent": e.target.labels[0],
        "utt": e.text, "annot_utt": written.inline(e), "worker_id": "1",
    }),
    "spans": jsonl(lambda e: {"text": e.text, "entities": written.plain_spans(e), "intent": e.target.labels[0]}),
    "csv": as_csv(lambda e: {"intent": e.target.labels[0], "text": written.inline(e)}),
}  # fmt: skip


@pytest.mark.parametrize("form", INTENT_FORMS)
def test_intents_and_slots_come_back_and_each_part_alone(home: Home, tmp_path: Path, form: str) -> None:
    examples = made(COUNT, seed=2)
    path = INTENT_FORMS[form](tmp_path, examples)
    both = import_dataset(home, "both", path)
    assert both.info.task == "intent_slots"
    assert targets_of(both) == {example.text: example.target for example in examples}
    slots = import_dataset(home, "slots", path, task="token_labels")
    assert targets_of(slots) == spans_only(examples)
    intents = import_dataset(home, "intents", path, task="single_label")
    assert targets_of(intents) == {example.text: Target(example.target.labels) for example in examples}
    assert both.frame["text"].tolist() == intents.frame["text"].tolist()


SETS = [("sun",), ("sun", "rain"), (), ("rain",), ("snow", "sun"), ("rain", "snow", "sun"), ("snow",)]


def labelled_rows(count: int = 70) -> list[tuple[str, tuple[str, ...]]]:
    return [(f"text {n} tells of {n * 37} {' and '.join(SETS[n % 7])} things", SETS[n % 7]) for n in range(count)]


LABEL_FORMS = {
    "bar": (as_csv, lambda t, s: {"text": t, "topics": "|".join(s)}, {"separator": "|"}),
    "semicolon": (as_csv, lambda t, s: {"text": t, "label": "; ".join(s)}, {"separator": ";"}),
    "comma": (as_csv, lambda t, s: {"text": t, "label": ",".join(s)}, {"separator": ","}),
    "list": (jsonl, lambda t, s: {"text": t, "labels": list(s)}, {"form": "list"}),
    "list in csv": (as_csv, lambda t, s: {"text": t, "label": str(list(s))}, {"form": "list"}),
    "object": (jsonl, lambda t, s: {"text": t, "label": {k: k in s for k in ("sun", "rain", "snow")}},
               {"form": "list"}),
    "indicators": (as_csv, lambda t, s: {"comment": t, **{k: int(k in s) for k in ("sun", "rain", "snow")}},
                   {"label_columns": ["sun", "rain", "snow"]}),
    "flags": (jsonl, lambda t, s: {"text": t, **{k: k in s for k in ("sun", "rain", "snow")}}, {"form": "indicators"}),
}  # fmt: skip


@pytest.mark.parametrize("form", LABEL_FORMS)
def test_several_labels_come_back_from_every_form(home: Home, tmp_path: Path, form: str) -> None:
    way, row, told = LABEL_FORMS[form]
    rows = labelled_rows()
    dataset = import_dataset(home, "x", way(lambda pair: row(*pair))(tmp_path, rows))  # type: ignore[operator]
    assert dataset.info.task == "multi_label"
    assert targets_of(dataset) == {text: Target.of(labels) for text, labels in rows}
    assert told.items() <= dataset.info.source.items()
    assert dataset.info.left_out == 0, "a text without labels is kept"


def test_a_separator_can_be_named(home: Home, tmp_path: Path) -> None:
    rows = [{"text": text, "intent": "#".join(labels)} for text, labels in labelled_rows()]
    path = written.write_csv(tmp_path / "x.csv", rows)
    named = import_dataset(home, "x", path, separator="#")
    assert (named.info.task, named.info.labels) == ("multi_label", ["rain", "snow", "sun"])
    assert import_dataset(home, "y", path).info.task == "single_label"


@needs_shared
@pytest.mark.parametrize(("name", "ending", "task", "labels", "train"), [
    ("wnut17", "conll", "token_labels", 6, 3394), ("atis", "jsonl", "intent_slots", 109, 4478),
    ("slurp", "jsonl", "intent_slots", 115, 7301),
])  # fmt: skip
def test_real_sets(home: Home, name: str, ending: str, task: str, labels: int, train: int) -> None:
    folder = SHARED / name
    paths = {split: folder / f"{split}.{ending}" for split in ("train", "validation", "test")}
    info = import_dataset(home, name, paths["train"], validation=paths["validation"], test=paths["test"]).info
    assert (info.task, len(info.labels), info.counts["train"], info.left_out) == (task, labels, train, 0)
    assert (info.source["scheme"], info.source["mended"]) == ("BIO", {})


def test_numbered_tags_need_names(home: Home, tmp_path: Path) -> None:
    examples = made(COUNT, seed=4)
    rows = [{"tokens": e.tokens, "ner_tags": [NAMES.index(tag) for tag in written.tagged(e)]} for e in examples]
    path = written.write_jsonl(tmp_path / "x.jsonl", rows)
    with pytest.raises(TradeoffError, match="--tag-names"):
        import_dataset(home, "x", path)
    assert targets_of(import_dataset(home, "x", path, tag_names=NAMES)) == spans_only(examples)
    with pytest.raises(TradeoffError, match="has no name: 3 names"):
        import_dataset(home, "x", path, tag_names=NAMES[:3])


def test_numbered_tags_of_a_parquet_file_bring_their_names(home: Home, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    examples = made(COUNT, seed=4)
    table = pa.table({
        "tokens": [example.tokens for example in examples],
        "ner_tags": [[NAMES.index(tag) for tag in written.tagged(example)] for example in examples],
    })  # fmt: skip
    named = {"_type": "ClassLabel", "names": NAMES}
    for feature in ({"_type": "Sequence", "feature": named}, [named], {"_type": "List", "feature": named}):
        features = {"tokens": {"_type": "Sequence"}, "ner_tags": feature}
        kept = {"huggingface": json.dumps({"info": {"features": features}})}
        pq.write_table(table.replace_schema_metadata(kept), tmp_path / "x.parquet")
        assert targets_of(import_dataset(home, "x", tmp_path / "x.parquet")) == spans_only(examples)


def told_by(path: Path, **how) -> str:
    with pytest.raises(TradeoffError) as error:
        import_dataset(Home(path.parent / "home").prepare(), "x", path, **how)
    return str(error.value)


def test_mistakes_name_the_file_the_place_and_the_remedy(tmp_path: Path) -> None:
    uneven = [{"tokens": ["a", "b"], "tags": ["O"] if n % 2 else ["B-x", "O"]} for n in range(30)]
    said = told_by(written.write_jsonl(tmp_path / "uneven.jsonl", uneven), task="token_labels", tags="tags")
    assert "uneven.jsonl" in said
    assert "row 2 there are 2 tokens and 1 tag" in said
    nothing = written.write_csv(
        tmp_path / "nothing.csv", [{"text": f"text {n}", "label": "ab"[n % 2]} for n in range(30)]
    )
    assert "--tags" in told_by(nothing, task="token_labels")
    assert 'The column "label" holds no spans' in told_by(nothing, task="token_labels", tags="label")
    assert "--intent" in told_by(conll()(tmp_path, made(20, 0)), task="intent_slots")
    twos = [{"text": f"the text {n}", "a": n % 3, "b": n % 2} for n in range(30)]
    said = told_by(written.write_csv(tmp_path / "twos.csv", twos), task="multi_label", label_columns=["a", "b"])
    assert "row 3" in said
    assert "twos.csv" in said
    open_marks = [{"text": f"at [time : five {n}"} for n in range(30)] + [{"text": "at [time : six]"}]
    said = told_by(written.write_csv(tmp_path / "open.csv", open_marks), task="token_labels", tags="text")
    assert "row 1 a mark is not closed" in said
    lists = [{"text": f"the text {n}", "label": '["a"]' if n % 15 else '[["a"]]'} for n in range(60)]
    said = told_by(written.write_csv(tmp_path / "lists.csv", lists), task="multi_label")
    assert "4 rows cannot be read; in row 1 the labels are neither" in said
    same = [{"text": f"the text {n}", "tags": []} for n in range(30)]
    assert "--tags" in told_by(written.write_jsonl(tmp_path / "none.jsonl", same), task="token_labels")


def test_what_was_mended_or_left_out_is_told(home: Home, tmp_path: Path) -> None:
    rows = [{"text": f"go to Paris at {n} am", "spans": [[6, 11, "city"]]} for n in range(40)]
    rows[3]["spans"] = [[6, 11, "city"], [8, 20, "x"], [90, 99, "y"]]
    rows[7]["spans"] = "oops"
    dataset = import_dataset(home, "x", written.write_jsonl(tmp_path / "x.jsonl", rows))
    warnings = "\n".join(dataset.info.source["warnings"])
    assert dataset.info.source["left_out"] == {"cannot be read": 1}
    assert "Left out 1 row whose target cannot be read" in warnings
    assert "Spans that overlap a longer one were left out: 1." in warnings
    assert "Spans outside of their text were left out: 1." in warnings
    lines = [f"Rome\tI-city\nis\tO\n{n}\tO\n" for n in range(3)] + [
        f"in\tO\nRome\tB-city\n{n}{n}\tO\n" for n in range(30)
    ]
    (tmp_path / "y.conll").write_text("\n".join(lines))
    repaired = import_dataset(home, "y", tmp_path / "y.conll")
    assert sum(repaired.info.source["mended"].values()) == 3
    assert targets_of(repaired)["Rome is 0"] == Target(spans=(Span(0, 4, "city"),))


def test_an_intent_that_is_missing_is_left_out(home: Home, tmp_path: Path) -> None:
    rows = [{"text": e.text, "spans": written.plain_spans(e), "intent": e.target.labels[0]} for e in made(40, 3)]
    rows[5]["intent"] = None
    dataset = import_dataset(home, "x", written.write_jsonl(tmp_path / "x.jsonl", rows))
    assert dataset.info.source["left_out"] == {"no label": 1}


def test_several_intents_become_one(home: Home, tmp_path: Path) -> None:
    rows = [{"text": e.text, "spans": written.plain_spans(e), "intent": [["a"], ["b", "a"], "c"][n % 3]}
            for n, e in enumerate(made(45, 3))]  # fmt: skip
    dataset = import_dataset(home, "x", written.write_jsonl(tmp_path / "x.jsonl", rows))
    assert [label for label in dataset.info.labels if label.startswith("intent:")] == [
        "intent:a", "intent:b#a", "intent:c"
    ]  # fmt: skip
    assert list(dataset.info.source["mended"].values()) == [15]


def test_what_could_be_misread_is_not(home: Home, tmp_path: Path) -> None:
    talks = [{"text": f"[user: hi {n}] [bot: hello]", "label": "ab"[n % 2]} for n in range(40)]
    dataset = import_dataset(home, "talks", written.write_csv(tmp_path / "talks.csv", talks))
    assert (dataset.info.task, dataset.frame["text"][0]) == ("single_label", "[user: hi 0] [bot: hello]")
    hot = [{"text": f"three words {n}", "labels": [n % 2, int(n % 3 == 0), 0]} for n in range(40)]
    said = told_by(written.write_jsonl(tmp_path / "hot.jsonl", hot), task="multi_label")
    assert "zeros and ones, without the names" in said
    assert preview(tmp_path / "hot.jsonl").task == "single_label"
    ids = [{"id": f"q{n}", "text": f"book [n : {n}] tables", "intent": "ab"[n % 2]} for n in range(40)]
    dataset = import_dataset(home, "ids", written.write_csv(tmp_path / "ids.csv", ids))
    assert dataset.frame["id"].tolist() == [f"q{n}" for n in range(40)]


def test_what_has_nothing_to_learn_is_refused(tmp_path: Path) -> None:
    none = [{"tokens": ["a", f"b{n}"], "tags": ["O", "O"]} for n in range(30)]
    assert "carry no spans" in told_by(written.write_jsonl(tmp_path / "n.jsonl", none))
    same = [{"text": f"the text {n}", "labels": ["a", "b"]} for n in range(30)]
    assert "same labels" in told_by(written.write_jsonl(tmp_path / "s.jsonl", same))


def test_targets_that_are_none_are_refused(home: Home) -> None:
    rows = [(f"{n}", f"the text {n}", '[[0,3,"x"]]', split) for n, split in enumerate(["train", "validation", "test"])]
    frame = pd.DataFrame(rows, columns=["id", "text", "target", "split"])
    for target in ('[[0,99,"x"]]', '[[0,3,"x"],[2,4,"y"]]', '[[3,3,"x"]]', '{"intent":"x"}', "x", '[[-1,3,"x"]]'):
        frame.loc[0, "target"] = target
        with pytest.raises(TradeoffError, match="example 0"):
            save_dataset(home, frame, "x", "token_labels")
    assert list_datasets(home) == []


def test_preview_shows_what_each_task_would_read(tmp_path: Path) -> None:
    shown = preview(INTENT_FORMS["massive"](tmp_path, made(COUNT, 6)))
    assert next(reading.task for reading in shown.readings if not reading.problem) == shown.task == "intent_slots"
    by_task = {reading.task: reading for reading in shown.readings}
    assert by_task["intent_slots"].columns == {
        "text": "utt", "tags": "annot_utt", "intent": "intent", "split": "partition", "id": "id"
    }  # fmt: skip
    assert "[" in by_task["token_labels"].examples[0].shown
    assert by_task["single_label"].examples[0].shown in written.INTENTS
    assert by_task["intent_slots"].why
    assert not by_task["single_label"].why
    assert json.loads(json.dumps(shown.as_dict()))["readings"][0]["task"] == "intent_slots"
    plain = preview(
        written.write_csv(tmp_path / "p.csv", [{"text": f"the {n}", "label": "ab"[n % 2]} for n in range(30)])
    )
    assert plain.task == "single_label"
    assert "--tags" in ({reading.task: reading.problem for reading in plain.readings}["token_labels"] or "")
    told = preview(tmp_path / "p.csv", told=Told(separator="|"))
    assert told.task == "multi_label"


@pytest.mark.parametrize("text", ["a [b: c] d", "see [1: x]"])
def test_brackets_in_labelled_texts_stay(home: Home, tmp_path: Path, text: str) -> None:
    rows = [{"text": f"{text} {n}", "label": "ab"[n % 2]} for n in range(30)]
    dataset = import_dataset(home, "x", written.write_csv(tmp_path / "x.csv", rows), task="single_label")
    assert dataset.frame["text"][0] == f"{text} 0"


def test_rare_labels_reach_every_split_and_early_samples() -> None:
    from core.data.dataset import nested_sample

    encode = get_task("multi_label").encode
    targets = [
        encode(Target.of(["common", "rare"] if n % 20 == 0 else ["common"] if n % 3 else [])) for n in range(200)
    ]
    found = strata("multi_label", targets)
    assert set(found) == {"rare", "common", ""}
    splits, _ = make_splits([f"{n} {n * 7919}" for n in range(200)], found, ["train"] * 200)
    for split in ("train", "validation", "test"):
        assert any("rare" in target for target, where in zip(targets, splits, strict=True) if where == split)
    examples = [Example(str(n), str(n), target) for n, target in enumerate(targets)]
    small = nested_sample(examples, 12, 0, "multi_label")
    assert {found[int(example.id)] for example in small} == {"rare", "common", ""}
    assert set(small) <= set(nested_sample(examples, 40, 0, "multi_label"))
    both = [get_task("intent_slots").encode(example.target) for example in made(30, 0)]
    assert set(strata("intent_slots", both)) <= set(written.INTENTS)

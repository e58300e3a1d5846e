"""The audit of tasks with several labels, with spans, with intents and slots: on planted faults and on real sets."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.data import contents, label_checks, overlaps, span_checks
from core.data.audit import audit
from core.data.checks import run_checks
from core.data.dataset import save_dataset
from core.data.finding import AuditSettings, Finding
from core.data.importing import import_dataset
from core.data.label_noise_each import likely_wrong_labels
from core.data.material import Material
from core.home import Home
from core.spec import TaskName
from core.tasks import Span, Target, get_task

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="the public sets are not on this machine")
CITIES = ("Paris", "Rome", "Oslo", "Bern")
Row = tuple[str, str, Target]


def marked(text: str, label: str = "city", words: tuple[str, ...] = CITIES) -> Target:
    """The target of a text in which each of the words is a span."""
    found = [Span(at, at + len(word), label) for word in words if (at := text.find(word)) >= 0]
    return Target(spans=tuple(found))


def plain_rows(count: int = 45) -> list[Row]:
    splits = ("train", "train", "validation", "test", "train")
    texts = [f"row {n} goes from {CITIES[n % 4]} over item{n * 7} to {CITIES[(n + 1) % 4]}" for n in range(count)]
    return [(splits[n % 5], text, marked(text)) for n, text in enumerate(texts)]


def material(rows: list[Row], task: TaskName = "token_labels", settings: AuditSettings | None = None) -> Material:
    encode = get_task(task).encode
    frame = pd.DataFrame([(split, text, encode(target)) for split, text, target in rows],
                         columns=["split", "text", "target"])  # fmt: skip
    return Material(frame.assign(id=frame.index.astype(str)), settings or AuditSettings(), task=task)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


SPAN_CHECKS = (span_checks.cut_words, span_checks.spaces, span_checks.otherwise_labelled, span_checks.not_labelled,
               label_checks.unlabelled_texts)  # fmt: skip


@pytest.mark.parametrize("check", SPAN_CHECKS, ids=lambda check: check.__name__)
def test_a_clean_set_is_well(check) -> None:
    assert only(check(material(plain_rows()))).severity == "ok"


def test_spans_that_cut_words() -> None:
    rows = [("train", "off to Paris now", Target(spans=(Span(7, 10, "city"), Span(13, 16, "time")))), *plain_rows()]
    finding = only(span_checks.cut_words(material(rows)))
    assert (finding.count, finding.ids) == (1, ("0",))
    assert finding.examples[0].detail == "off to [Par]is now (city)"
    assert finding.examples[0].shown == "Par [city]; now [time]"
    short = [(split, text, Target(spans=tuple(Span(s.start, s.end - 1, s.label) for s in target.spans)))
             for split, text, target in plain_rows()]  # fmt: skip
    assert "count the last character in" in only(span_checks.cut_words(material(short))).explanation
    unspaced = [("train", "我住在北京市", Target(spans=(Span(3, 5, "city"),))), *plain_rows()]
    assert only(span_checks.cut_words(material(unspaced))).severity == "ok"


def test_spans_with_spaces() -> None:
    rows = [("train", "off to Paris now", Target(spans=(Span(6, 12, "city"),))), *plain_rows()]
    finding = only(span_checks.spaces(material(rows)))
    assert (finding.count, finding.ids, finding.severity) == (1, ("0",), "warning")


def test_words_that_are_labelled_otherwise_or_not_at_all() -> None:
    other, missing, twice = "we met Paris there", "nobody saw Rome again", "Oslo or oslo"
    rows = [("train", other, marked(other, "person")), ("train", missing, Target()),
            ("test", twice, Target(spans=(Span(0, 4, "city"),))), *plain_rows()]  # fmt: skip
    finding = only(span_checks.otherwise_labelled(material(rows)))
    assert (finding.count, finding.ids) == (1, ("0",))
    assert finding.examples[0].suggested == "city"
    assert finding.examples[0].detail == "we met [Paris] there (person)"
    finding = only(span_checks.not_labelled(material(rows)))
    assert (finding.count, finding.ids) == (2, ("1", "2"))
    assert finding.examples[1].detail == "Oslo or [oslo]"
    assert finding.leave_out_ids == ("1",), "the test split stays what it is"


def test_words_that_are_often_unlabelled_are_no_finding() -> None:
    rows = [("train", f"the {city} of number {n}", Target()) for n in range(20) for city in CITIES]
    assert only(span_checks.not_labelled(material([*rows, *plain_rows()]))).severity == "ok"


def test_copies_are_compared_by_what_is_labelled_not_by_where() -> None:
    same = [("train", "  Fly to Paris", Target(spans=(Span(9, 14, "city"),))),
            ("train", "fly  to paris!", Target(spans=(Span(8, 13, "city"),)))]  # fmt: skip
    assert only(overlaps.two_labels(material([*same, *plain_rows()]))).severity == "ok"
    rows = [*same, ("train", "fly to Paris", Target()), *plain_rows()]
    finding = only(overlaps.two_labels(material(rows)))
    assert (finding.count, set(finding.ids)) == (1, {"0", "1", "2"})
    assert finding.title == "1 text is labelled in two ways"


def test_labels_of_spans_are_counted_by_span_and_by_layer() -> None:
    rows: list[Row] = [(split, text, Target((("go",) if n % 2 else ("stay",)), target.spans))
                       for n, (split, text, target) in enumerate(plain_rows())]  # fmt: skip
    rows += [("test", "a new one in Bonn", Target(("fly",), (Span(13, 17, "town"),)))]
    rows += [("train", "once more in Kiel", Target(("go",), (Span(13, 17, "port"),)))]
    texts = material(rows, "intent_slots")
    counts = {row.label: (row.train, row.validation, row.test) for row in label_checks.label_counts(texts)}
    assert counts["slot:city"] == (54, 18, 18)
    assert counts["intent:fly"] == (0, 0, 1)
    kinds = {finding.kind: finding for finding in label_checks.unseen_labels(texts)}
    assert kinds["unseen_labels"].title == "1 intent of validation or test never occurs in training"
    assert kinds["unseen_labels_slots"].ids == ("45",)
    rare = {finding.kind: finding for finding in label_checks.rare_labels(texts)}
    assert rare["rare_labels_slots"].count == 1
    assert rare["rare_labels_slots"].leave_out_ids == (), "the text teaches its intent too"


def test_intents_written_as_several() -> None:
    rows: list[Row] = [(split, text, Target(("go#stay",) if n == 3 else ("go",) if n % 2 else ("stay",), target.spans))
                       for n, (split, text, target) in enumerate(plain_rows())]  # fmt: skip
    finding = only(label_checks.joined_labels(material(rows, "intent_slots")))
    assert (finding.count, finding.ids) == (1, ("3",))
    names = [(split, text, Target(("rock and roll" if n % 2 else "rock",))) for n, (split, text, _) in
             enumerate(plain_rows())]  # fmt: skip
    assert only(label_checks.joined_labels(material(names, "single_label"))).severity == "ok"


def test_texts_without_spans() -> None:
    rows = [(split, text, Target() if split == "test" else target) for split, text, target in plain_rows()]
    finding = only(label_checks.unlabelled_texts(material(rows)))
    assert finding.severity == "problem"
    assert "The test split carries none at all" in finding.explanation
    rows = [(split, text, target if n < 4 else Target()) for n, (split, text, target) in enumerate(plain_rows())]
    assert only(label_checks.unlabelled_texts(material(rows))).severity == "warning"


TOPICS = {"weather": "rain sun wind snow storm cloud frost", "food": "bread cheese soup apple rice salad honey",
          "sport": "goal match team race score player ball"}  # fmt: skip


def several(count: int = 500, seed: int = 0) -> list[Row]:
    generator = np.random.default_rng(seed)
    rows: list[Row] = []
    for place in range(count):
        labels = [label for label in TOPICS if generator.random() < 0.4]
        words = [word for label in labels for word in generator.choice(TOPICS[label].split(), 3)]
        words += list(generator.choice(["the", "a", "of", "and", "to", "was", "very", "today", "people"], 6))
        split = ("train", "train", "train", "validation", "test")[place % 5]
        rows.append((split, f"{' '.join(generator.permutation(words))} {place}", Target.of(labels)))
    return rows


def test_labels_that_were_planted_wrong_or_taken_away_are_found() -> None:
    rows, generator = several(), np.random.default_rng(1)
    planted = {}
    for place in generator.choice(len(rows), 25, replace=False):
        split, text, target = rows[place]
        label = str(generator.choice(list(TOPICS)))
        planted[str(place)] = ("with " if label in target.labels else "without ") + label
        rows[place] = (split, text, Target.of(set(target.labels) ^ {label}))
    (finding,), notes = likely_wrong_labels(material(rows, "multi_label"), lambda share: None)
    found = {example.id: example.suggested for example in finding.examples}
    right = {id for id, told in planted.items() if found.get(id) == told}
    assert len(right) >= 0.7 * len(planted)
    assert len(set(finding.ids) - planted.keys()) <= 3
    assert notes == []
    clean, _ = likely_wrong_labels(material(several(), "multi_label"), lambda share: None)
    assert only(clean).count <= 3


def test_labels_that_words_do_not_tell_are_not_checked() -> None:
    generator = np.random.default_rng(2)
    rows = [
        (split, text, Target.of([label for label in "ab" if generator.random() < 0.5]))
        for split, text, _ in several(200)
    ]
    found, notes = likely_wrong_labels(material(rows, "multi_label"), lambda share: None)
    assert found == []
    assert "words tell too little" in " ".join(notes)
    rare = [(split, text, Target.of(["once"] if n == 0 else [])) for n, (split, text, _) in enumerate(several(50))]
    assert "no label has enough texts" in " ".join(
        likely_wrong_labels(material(rare, "multi_label"), lambda s: None)[1]
    )


def test_every_task_is_audited_from_end_to_end(home: Home) -> None:
    encodings = {"multi_label": several(120), "token_labels": plain_rows(60),
                 "intent_slots": [(split, text, Target(("go" if n % 2 else "stay",), target.spans))
                                  for n, (split, text, target) in enumerate(plain_rows(60))]}  # fmt: skip
    for task, rows in encodings.items():
        frame = material(rows, task).frame[["id", "text", "target", "split"]]  # type: ignore[arg-type]
        found = audit(save_dataset(home, frame, task, task))  # type: ignore[arg-type]
        assert len({finding.kind for finding in found.findings}) == len(found.findings)
        assert found.label_counts
        assert found.imbalance is not None
        assert all(
            example.shown for finding in found.findings for example in finding.examples if example.target != "[]"
        )
        told = "Wrong spans were looked for only by comparing" in " ".join(found.notes)
        assert told == (task != "multi_label")


def in_split(texts: Material, finding: Finding, split: str) -> int:
    return int((texts.frame["id"].isin(set(finding.ids)) & (texts.frame["split"] == split)).sum())


def real(home: Home, name: str, ending: str) -> Material:
    paths = {split: SHARED / name / f"{split}.{ending}" for split in ("train", "validation", "test")}
    dataset = import_dataset(home, name, paths["train"], validation=paths["validation"], test=paths["test"])
    texts = Material(dataset.frame, AuditSettings(), task=dataset.info.task)
    texts.__dict__["near"] = []  # left out here: it takes seconds
    return texts


@needs_shared
def test_wnut17(home: Home) -> None:
    texts = real(home, "wnut17", "conll")
    assert only(overlaps.exact_duplicates(texts)).count == 103
    two = only(overlaps.two_labels(texts))
    to_the_letter = texts.of("train").groupby("raw")["target"].nunique()
    assert (to_the_letter > 1).sum() == 11
    assert two.count == 13  # more when case and the other splits count
    assert contents.markup(texts)[0].count > 200


@needs_shared
def test_atis(home: Home) -> None:
    texts = real(home, "atis", "jsonl")
    assert only(overlaps.exact_duplicates(texts)).count == 289
    assert next(f for f in overlaps.test_in_train(texts) if f.kind == "test_in_train").count == 13
    joined = only(label_checks.joined_labels(texts))
    several = texts.frame[texts.frame["label"].str.contains("#")]
    assert joined.count == 8
    assert set(joined.ids) <= set(several["id"])
    assert len(joined.ids) > 0.9 * len(several)
    unseen = {finding.kind: finding.count for finding in label_checks.unseen_labels(texts)}
    assert unseen == {"unseen_labels": 5, "unseen_labels_slots": 4}


def test_a_set_without_spans_in_validation_does_not_end_the_audit() -> None:
    rows = [(split, text, Target() if split == "validation" else target) for split, text, target in plain_rows()]
    frame = material(rows).frame[["id", "text", "target", "split"]]
    found = run_checks(frame, AuditSettings(), lambda share, line: None, "token_labels")
    assert {finding.kind for finding in found["findings"]} >= {"cut_words", "long_texts", "two_labels"}

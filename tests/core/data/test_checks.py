"""Each check of the audit on a few rows whose answer is known."""

import pandas as pd
import pytest

from core.data import contents, label_checks, overlaps
from core.data.finding import AuditSettings, Finding
from core.data.lengths import count_tokens, length_statistics
from core.data.material import Material

WORDS = ["red", "green", "blue", "yellow", "purple", "white", "black", "orange", "brown", "silver", "golden", "violet"]


def material(rows: list[tuple[str, str, str]], settings: AuditSettings | None = None) -> Material:
    """Rows (split, target, text) get the ids 0, 1, … ; enough plain rows follow that every split has both labels."""
    plain = [
        (split, target, f"a plain {WORDS[place]} text of the {split} set about {target} things")
        for split in ("train", "validation", "test")
        for target in "ab"
        for place in range(12)
    ]
    frame = pd.DataFrame([*rows, *plain], columns=["split", "target", "text"])
    return Material(frame.assign(id=frame.index.astype(str)), settings or AuditSettings())


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


ALL_CHECKS = (
    contents.empty_texts, label_checks.unseen_labels, label_checks.rare_labels, label_checks.class_balance,
    contents.broken_characters, contents.markup, contents.wordless_texts, contents.odd_lengths,
    overlaps.test_in_train, overlaps.validation_in_train, overlaps.two_labels, overlaps.exact_duplicates,
)  # fmt: skip


@pytest.mark.parametrize("check", ALL_CHECKS, ids=lambda check: check.__name__)
def test_a_clean_set_is_well(check) -> None:
    finding = only(check(material([])))
    assert (finding.severity, finding.count, finding.ids, finding.leave_out_ids) == ("ok", 0, (), ())
    assert finding.title


def test_copies_in_train_leave_one_of_each_label() -> None:
    rows = [("train", "a", "one sentence"), ("train", "a", " one sentence"), ("train", "b", "one sentence"),
            ("test", "a", "elsewhere"), ("test", "a", "elsewhere")]  # fmt: skip
    finding = only(overlaps.exact_duplicates(material(rows)))
    assert (finding.count, finding.ids, finding.leave_out_ids) == (2, ("0", "1", "2"), ("1",))
    assert "1 copy more" in finding.explanation
    assert [example.group for example in finding.examples] == [0, 0, 0]


LONG = "I was looking forward to paying with my new card today, but the payment just kept getting declined"


def test_near_copies_leave_the_first_of_each_label() -> None:
    rows = [("train", "a", LONG), ("train", "a", LONG.replace("just ", "")), ("train", "b", LONG.upper()),
            ("train", "a", LONG.lower() + "!")]  # fmt: skip
    finding = only(overlaps.near_duplicates(material(rows)))
    assert set(finding.ids) >= {"0", "1", "2", "3"}
    assert {"1", "3"} <= set(finding.leave_out_ids)
    assert not {"0", "2"} & set(finding.leave_out_ids)


def test_a_crowd_filled_from_a_template_is_not_offered_to_be_left_out() -> None:
    letters = "abcdefghij"
    rows = [("train", "a", f"{LONG}, says customer {one}{two}") for one in letters for two in letters]
    finding = only(overlaps.near_duplicates(material(rows)))
    assert finding.count >= 99
    assert not set(finding.leave_out_ids) & {str(place) for place in range(100)}
    assert "template" in finding.explanation


def test_a_text_with_two_labels_loses_its_training_copies() -> None:
    rows = [("train", "a", "Odd one"), ("train", "b", "odd one!"), ("test", "b", "odd one"), ("train", "a", "fine one")]
    finding = only(overlaps.two_labels(material(rows)))
    assert (finding.count, finding.ids, finding.leave_out_ids) == (1, ("0", "1", "2"), ("0", "1"))


def test_leaks_are_told_apart_and_cost_only_training_texts() -> None:
    rows = [("train", "a", "The same text"), ("test", "a", "The same text"),
            ("train", "a", "Nearly: the same!"), ("test", "a", "nearly the SAME"),
            ("train", "a", LONG), ("test", "a", LONG.replace("just ", "")),
            ("validation", "b", "The same text"), ("test", "a", "nowhere else")]  # fmt: skip
    texts = material(rows, AuditSettings())
    exact, alike, near = (
        next(f for f in overlaps.test_in_train(texts) if f.kind == kind)
        for kind in ("test_in_train", "test_in_train_but_for_case", "test_near_train")
    )
    assert (exact.count, set(exact.ids), exact.leave_out_ids) == (1, {"0", "1"}, ("0",))
    assert (alike.count, set(alike.ids), alike.leave_out_ids) == (1, {"2", "3"}, ("2",))
    assert "4" in near.leave_out_ids
    assert {"4", "5"} <= set(near.ids)
    assert exact.severity == "problem"
    assert only(overlaps.validation_in_train(texts)).severity == "warning"


def test_empty_texts_are_no_copies_of_each_other() -> None:
    texts = material([("train", "a", ""), ("train", "b", "  \n"), ("test", "a", "")])
    finding = only(contents.empty_texts(texts))
    assert (finding.count, finding.leave_out_ids) == (3, ("0", "1", "2"))
    for check in (overlaps.exact_duplicates, overlaps.two_labels, overlaps.test_in_train):
        assert only(check(texts)).severity == "ok"


def test_rare_and_unseen_labels() -> None:
    rows = [("train", "scarce", "first"), ("test", "scarce", "second"), ("test", "untaught", "third")]
    rare, unseen = only(label_checks.rare_labels(material(rows))), only(label_checks.unseen_labels(material(rows)))
    assert (rare.count, rare.ids) == (1, ("0", "1"))
    assert "“scarce”" in rare.explanation
    assert (unseen.count, unseen.ids, unseen.severity) == (1, ("2",), "problem")


def test_nothing_is_offered_that_would_leave_too_little() -> None:
    frame = pd.DataFrame(
        {"id": list("123456"), "text": ["", "", "", "", "", ""], "target": list("ababab"),
         "split": ["train", "train", "validation", "validation", "test", "test"]}
    )  # fmt: skip
    finding = only(contents.empty_texts(Material(frame, AuditSettings())))
    assert (finding.count, finding.leave_out_ids, finding.leave_out_note) == (6, (), "")


def test_imbalance_is_told_with_the_share_of_the_most_frequent() -> None:
    rows = [("train", "a", f"text {place} of many") for place in range(188)]
    finding = only(label_checks.class_balance(material(rows)))
    assert finding.severity == "notice"
    assert "17 times" in finding.title
    assert "94%" in finding.explanation


@pytest.mark.parametrize(
    "text",
    [
        "Itâ€™s a cafÃ©",
        "SeppÃ¤lÃ¤",
        "Sepp+ñl+ñ rose",
        "ÐŸÑ€Ð¸Ð²ÐµÑ‚",
        "lost \ufffd here",
        "quote \x93so\x94",
        "Â£5",
        "4-á32",
    ],
)
def test_broken_characters_are_seen(text: str) -> None:
    assert contents.is_mojibake(text)


@pytest.mark.parametrize(
    "text",
    ["plain", "It’s a café", "«CAFÉ»", "NÃO, AÇÃO", "Привет", "日本語のテキスト", "naïve “ÉTÉ”", "peut-être", "£5 – €6",
     "😀👍🏽", "Ä“", "नमस्ते", "re-élu", "مرحبا"],
)  # fmt: skip
def test_good_characters_are_left_alone(text: str) -> None:
    assert not contents.is_mojibake(text)


def test_markup_is_told_from_comparisons() -> None:
    rows = [("train", "a", "line<br/>break"), ("train", "a", "cheese &amp; wine"), ("train", "a", '<a href="x">y</a>'),
            ("train", "a", "if a < b and c > d"), ("train", "a", "AT&T; <unknown>"),
            ("train", "a", "<p" * 300_000)]  # fmt: skip
    assert only(contents.markup(material(rows))).ids == ("0", "1", "2")


def test_odd_lengths_and_wordless_texts() -> None:
    rows = [("train", "a", "very long " * 500), ("train", "a", "?!"), ("train", "b", "😀😀")]
    texts = material(rows)
    assert only(contents.odd_lengths(texts)).ids == ("0", "1", "2")
    assert only(contents.wordless_texts(texts)).ids == ("1", "2")


def test_tokens_are_those_of_the_tokenizer() -> None:
    counts = count_tokens(["", "hello world", "hello " * 1000], AuditSettings())
    assert counts.tolist() == [2, 4, 1002]
    cut = AuditSettings(token_characters=600)
    assert count_tokens(["hello " * 1000], cut)[0] == pytest.approx(1002, rel=0.03)


def test_length_statistics() -> None:
    texts = material([("train", "a", "hello " * 600)])
    statistics, findings, notes = length_statistics(texts, lambda share: None)
    assert [each.split for each in statistics] == ["all", "train", "validation", "test"]
    overall, train = statistics[:2]
    assert overall.texts == len(texts.frame) == sum(count for _, count in overall.token_bins)
    assert (train.words.most, train.tokens.most) == (600, 602)
    assert train.longer_than == {128: 0.04, 256: 0.04, 512: 0.04}
    assert only(findings).ids == ("0",)
    assert notes == []


def test_tokens_are_counted_on_a_sample_of_a_large_set() -> None:
    texts = material([("train", "a", f"text {place}") for place in range(50)], AuditSettings(token_texts=60))
    statistics, _, notes = length_statistics(texts, lambda share: None)
    assert sum(count for _, count in statistics[0].token_bins) == 60
    assert "60 of 122" in notes[0]


def test_examples_are_cut_and_ids_are_not() -> None:
    texts = material([("train", "a", "long " * 500)] * 80, AuditSettings(examples=50, excerpt=20))
    finding = only(overlaps.exact_duplicates(texts))
    assert len(finding.examples) == 50
    assert len(finding.ids) == 80
    assert finding.examples[0].text == "long long long long …"

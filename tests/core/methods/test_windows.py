"""Long texts in windows: nothing is cut, each word is read once, where it has most context."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import TradeoffError
from core.methods.base import Context
from core.methods.batching import TextTokenizer
from core.methods.encoder import Encoder
from core.methods.settings import EncoderSettings
from core.methods.windows import _owners, text_windows, whole_texts
from core.tasks import Example, get_task
from core.tasks.words import words
from tests.core.methods.labelled import context_of, labelled
from tests.core.methods.learners import learning_decoder
from tests.models import tiny_encoder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_encoder(tmp_path_factory.mktemp("model")))


def tokenizer_of(folder: str, most: int) -> TextTokenizer:
    from transformers import AutoTokenizer

    return TextTokenizer(AutoTokenizer.from_pretrained(folder), most, frozenset({"input_ids", "attention_mask"}))


TEXTS = ["cat and dog", "", "the red cat, " * 30, "?!", "x" * 300, "dog\u200b \x00 cat"]


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.9])
@pytest.mark.parametrize("most", [8, 16, 64])
def test_each_word_is_read_once_from_its_own_token(model: str, overlap: float, most: int) -> None:
    tokenizer, places = tokenizer_of(model, most), [words(text) for text in TEXTS]
    windows = text_windows(tokenizer, TEXTS, places, overlap)
    for text, own in enumerate(places):
        mine = [window for window in windows if window.text == text]
        assert sum(window.first for window in mine) == 1
        assert all(len(window.ids) <= most for window in mine)
        read = sorted(word for window in mine for word in window.words)
        dropped = {i for i, (a, b) in enumerate(own) if TEXTS[text][a:b] in ("\x00", "\u200b")}
        assert read == [i for i in range(len(own)) if i not in dropped]
        for window in mine:
            for word, token in zip(window.words, window.tokens, strict=True):
                start, end = own[word]
                piece = tokenizer.tokenizer.convert_ids_to_tokens(window.ids[token]).removeprefix("##")
                assert TEXTS[text][start:end].lower().startswith(piece) or piece == "[UNK]"


def test_windows_overlap_and_cover_all_tokens(model: str) -> None:
    tokenizer = tokenizer_of(model, 18)
    windows = text_windows(tokenizer, [TEXTS[2]], [words(TEXTS[2])], 0.5)
    whole = tokenizer.tokenizer(TEXTS[2], add_special_tokens=False)["input_ids"]
    inner = [window.ids[1:-1] for window in windows]
    joined = inner[0]
    for piece in inner[1:]:
        assert joined[-8:] == piece[:8]
        joined = joined + piece[8:]
    assert joined == whole
    assert [window.truncated for window in windows] == [True] + [False] * (len(windows) - 1)


def test_a_word_is_read_where_its_scarcer_side_is_longest() -> None:
    places = [(i, i + 1) for i in range(12)]
    special = (0, 0)
    windows = [[special, *places[start : start + 6], special] for start in (0, 3, 6)]
    owner, tokens = _owners(windows, places)
    assert owner.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    assert tokens.tolist() == [1, 2, 3, 4, 5, 3, 4, 5, 3, 4, 5, 6]
    owner, _ = _owners([[special, (2, 3), special]], [(0, 1), (2, 3), (4, 5)])
    assert owner.tolist() == [-1, 0, -1]


def test_a_book_is_read_in_little_memory(model: str) -> None:
    text = "the red cat, " * 8_000
    tokenizer = tokenizer_of(model, 64)
    places = words(text)
    windows = text_windows(tokenizer, [text], [places], 0.25)
    assert sum(len(window.words) for window in windows) == len(places)


def test_texts_without_words_to_label_are_cut_as_ever(model: str) -> None:
    windows = whole_texts(tokenizer_of(model, 16), TEXTS)
    assert [window.text for window in windows] == list(range(len(TEXTS)))
    assert [window.truncated for window in windows] == [False, False, True, False, False, False]


def test_byte_level_tokens_carry_their_space(tmp_path: Path) -> None:
    texts = ["the café is 東京 near", "naïve 🙂🙂 dogs"]
    tokenizer = tokenizer_of(str(learning_decoder(tmp_path, texts)), 64)
    places = [words(text) for text in texts]
    for window in text_windows(tokenizer, texts, places, 0.25):
        assert window.words == list(range(len(places[window.text])))
        assert window.tokens == sorted(window.tokens)


def test_a_tokenizer_that_tells_no_places_is_refused() -> None:
    class Slow:
        is_fast = False

    with pytest.raises(TradeoffError, match="where its tokens lie"):
        text_windows(TextTokenizer(Slow(), 16, frozenset()), ["a"], [[(0, 1)]], 0.25)


def fitted(model: str, task: str, **settings: Any) -> tuple[Encoder, Context]:
    train, validation = labelled(task, 96), labelled(task, 16, 1)
    where = context_of(task, train, validation)
    rate = {"epochs": 16, "learning_rate": 5e-3, "head_learning_rate_factor": 1, "patience": 0, "precision": "fp32"}
    method = Encoder(EncoderSettings(**{**rate, **settings}), model)
    method.fit(train, validation, where)
    return method, where


def test_entities_of_a_text_of_many_windows_are_all_found(model: str) -> None:
    method, where = fitted(model, "token_labels")
    task, texts = get_task("token_labels"), labelled("token_labels", 30, 5)
    long = Example("long", " ".join(example.text for example in texts), "")
    (found,) = method.predict([long], where)
    shift, wanted = 0, []
    for example in texts:
        wanted += [(s.start + shift, s.end + shift, s.label) for s in task.decode(example.target).spans]
        shift += len(example.text) + 1
    got = [(span.start, span.end, span.label) for span in task.decode(found.target or "").spans]
    hits = len(set(got) & set(wanted))
    assert 2 * hits / (len(got) + len(wanted)) > 0.9
    assert where.notes["windowed_predicted"] == 1
    assert where.notes["windows_predicted"] > 5
    assert where.notes["windowed_examples"] == 0


@pytest.mark.parametrize(("task", "least"), [("multi_label", 0.8), ("intent_slots", 0.5)])
def test_encoders_learn_every_task(model: str, task: str, least: float) -> None:
    method, where = fitted(model, task)
    test = labelled(task, 40, 2)
    found = {prediction.id: prediction.target for prediction in method.predict(test, where)}
    statistics = where.task.statistics([e.target for e in test], [found[e.id] for e in test], where.labels)
    assert statistics[where.task.primary_metric].overall > least
    if task == "multi_label":
        assert 0 < where.notes["threshold"] < 1

"""Answers side by side for every task: in plain words, agreement on what was meant, spans highlighted."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.tasks import Span, Target, get_task
from ui.answers import agreement, in_words, table_rows

TEXT = "fly to <b>Rome</b>"
SPAN = Span(7, 18, "city")
TARGETS = {
    "single_label": Target(("go",)),
    "multi_label": Target.of(["go", "fast"]),
    "token_labels": Target(spans=(SPAN,)),
    "intent_slots": Target(("go",), (SPAN,)),
}
WORDS = {"single_label": "go", "multi_label": "fast, go", "token_labels": "<b>Rome</b> [city]",
         "intent_slots": "go: <b>Rome</b> [city]"}  # fmt: skip


def answer(task: str, target: Target | None, **known: Any) -> dict[str, Any]:
    encoded = None if target is None else get_task(task).encode(target)
    return {"prediction": encoded, "reason": None, "confidence": 0.9, "probabilities": None, "completion": None,
            "seconds": 0.01, "usd": None, **known}  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_answers_are_told_in_plain_words(name: str) -> None:
    task, given = get_task(name), answer(name, TARGETS[name])
    assert in_words(given, task, TEXT) == WORDS[name]
    unread = answer(name, None)
    assert in_words(unread, task, TEXT) is None
    assert agreement({"a": [given], "b": [given]}, 0, task, TEXT) == (True, "All 2 agree.")
    same, sentence = agreement({"a": [given], "b": [unread]}, 0, task, TEXT)
    assert not same
    assert WORDS[name] in sentence
    (row,) = table_rows({"a": [given], "b": [unread]}, [TEXT], task)
    assert (row["a"], row["b"], row["agree"]) == (WORDS[name], None, False)


def test_no_spans_are_an_answer_too() -> None:
    task = get_task("token_labels")
    assert in_words(answer("token_labels", Target()), task, TEXT) == "nothing found"


@pytest.mark.parametrize("name", TARGETS)
def test_cards_and_tables_show_every_task(name: str) -> None:
    def script(name: str) -> None:
        from core.tasks import get_task
        from tests.ui.test_answers import TARGETS, TEXT, answer
        from ui import answers

        probabilities = {"go": 0.8, "fast": 0.7} if name == "multi_label" else None
        given = answer(name, TARGETS[name], probabilities=probabilities, completion="go!")
        both = {"a": [given], "b": [answer(name, None, reason="no label in the answer")]}
        task, labels = get_task(name), get_task(name).label_set([given["prediction"]])
        answers.cards(both, {}, TEXT, task, labels)
        answers.table({key: found * 2 for key, found in both.items()}, [TEXT, TEXT], task, labels)

    app = AppTest.from_function(script, kwargs={"name": name}).run()
    assert not app.exception, app.exception
    said = "\n".join(str(element.value) for kind in (app.markdown, app.caption) for element in kind).replace("\\", "")
    assert "They disagree" in said
    assert "no label in the answer" in said
    html = "\n".join(str(element.proto.body) for element in app.get("html"))
    assert ("<mark" in html) == get_task(name).has_spans
    assert "<b>" not in html
    assert ("&lt;b&gt;Rome" in html) == get_task(name).has_spans

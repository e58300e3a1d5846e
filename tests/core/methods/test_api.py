"""Models behind an API on every task and in every style: what is asked, what is read, and what comes back odd."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.clients.account import Account
from core.clients.endpoints import Endpoint
from core.clients.journal import Journal
from core.errors import TradeoffError
from core.methods.api import ApiPrompt
from core.methods.base import EXCLUDED, Context, Prediction, Tokens
from core.methods.settings import ApiPromptSettings
from core.prompts.styles import STYLES, get_style
from core.tasks import TASKS, Example, get_task
from core.tasks.target import Span, Target
from tests.core.clients.faulty import FaultyServer, completion, error

TARGETS = {
    "single_label": [Target(("news",)), Target(("sport",)), Target(("news",)), Target(("art, music",))],
    "multi_label": [Target(("sun",)), Target.of(("rain", "sun")), Target(), Target(("rain",))],
    "token_labels": [Target((), (Span(0, 3, "PER"),)), Target(), Target.of((), (Span(0, 3, "PER"), Span(4, 8, "LOC"))),
                     Target((), (Span(4, 8, "LOC"),))],
    "intent_slots": [Target(("go",), (Span(4, 8, "place"),)), Target(("stop",)), Target(("go",)),
                     Target(("go",), (Span(0, 3, "who"),))],
}  # fmt: skip
TEXTS = ["Ann Rome one", "Bob Oslo two", "Eve Bonn three", "Pam Lima four"]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


def context_of(server: FaultyServer, task: str, tmp_path: Path | None = None) -> tuple[Context, list[Example]]:
    kind = get_task(task)
    examples = [
        Example(str(place), text, kind.encode(target))
        for place, (text, target) in enumerate(zip(TEXTS, TARGETS[task], strict=True))
    ]
    context = Context(kind, kind.label_set([example.target for example in examples]))
    journal = Journal(tmp_path / "requests.jsonl") if tmp_path else Journal()
    context.account = Account(Endpoint(name="mine", base_url=server.url, concurrency=2), journal)
    return context, examples


def fitted(context: Context, train: list[Example], **settings: Any) -> ApiPrompt:
    method = ApiPrompt(ApiPromptSettings(endpoint="mine", **settings), "m")
    method.fit(train, [], context)
    return method


def answers(method: ApiPrompt, examples: list[Example], context: Context) -> list[Prediction]:
    found = {prediction.id: prediction for prediction in method.predict(examples, context)}
    return [found[example.id] for example in examples]


def knowing(style_name: str, context: Context, examples: list[Example]) -> Any:
    """A server's model that knows every answer, and that explains demonstrations when it is asked to."""
    style = get_style(style_name, context.task, context.labels)
    known = {style.question(example.text): style.answer(example.text, example.target) for example in examples}

    def reply(asked: dict[str, Any]) -> bytes:
        last = asked["messages"][-1]["content"]
        return completion(known.get(last, "Clues: none\nReasoning: it says so"))

    return reply


@pytest.mark.parametrize("style", sorted(STYLES))
@pytest.mark.parametrize("task", sorted(TARGETS))
def test_every_task_in_every_style(server: FaultyServer, task: str, style: str, tmp_path: Path) -> None:
    assert set(TARGETS) <= set(TASKS)
    context, examples = context_of(server, task)
    server.reply = knowing(style, context, examples)
    method = fitted(context, examples, shots=2, style=style)
    found = answers(method, examples, context)
    assert [one.target for one in found] == [example.target for example in examples]
    reasons = STYLES[style].reasons
    assert len(server.requests) == len(examples) + (2 if reasons else 0)
    assert context.account.journal.tokens("fit")[0] == (Tokens(200, 0, 20) if reasons else Tokens())
    if reasons:
        assert "it says so" in server.requests[-1]["messages"][2]["content"]
    schema = server.requests[-1].get("response_format")
    assert (schema is not None) == (style == "json")

    method.save(tmp_path)
    context.account.journal = Journal()
    again = answers(ApiPrompt.load(tmp_path, context), examples, context)
    assert [(one.target, one.completion) for one in again] == [(one.target, one.completion) for one in found]


def test_the_majority_of_samples_counts_though_the_server_ignores_n(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    said = iter(["Label: news", "Label: sport", "Label: sport", "hm", "Label: sport"])
    server.reply = lambda _: completion(next(said))
    method = fitted(context, examples, samples=5, temperature=0.8)
    (found,) = answers(method, examples[:1], context)
    assert (found.target, found.confidence) == ("sport", pytest.approx(0.6))
    assert [asked.get("n") for asked in server.requests] == [5, 4, 3, 2, None]
    assert found.tokens == Tokens(500, 0, 50)


def test_samples_of_one_request_are_billed_once(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    server.reply = lambda asked: completion(*["Label: news"] * asked.get("n", 1))
    (found,) = answers(fitted(context, examples, samples=5, temperature=1), examples[:1], context)
    assert (found.target, found.confidence, found.tokens) == ("news", 1.0, Tokens(100, 0, 50))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("policy", "asked", "target"),
    [("wrong", 1, None), ("exclude", 1, None), ("retry", 3, "news"), ("majority", 6, "sport")],
)
def test_an_answer_that_cannot_be_read(server: FaultyServer, policy: str, asked: int, target: str | None) -> None:
    context, examples = context_of(server, "single_label")
    said = iter(["no idea", "none of them", "Label: news", "Label: sport", "Label: sport", "?"])
    server.reply = lambda _: completion(next(said))
    method = fitted(context, examples, invalid=policy, retries=5)
    (found,) = answers(method, examples[:1], context)
    assert (found.target, len(server.requests)) == (target, asked)
    assert found.tokens == Tokens(100 * asked, 0, 10 * asked)
    if target is None:
        assert "none of the labels" in (found.reason or "")
        assert (found.reason or "").startswith(EXCLUDED) == (policy == "exclude")
        assert found.completion == "no idea"
    else:
        assert server.requests[1]["temperature"] > 0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion("", finish="content_filter"), "refused to answer: content filter"),
        (completion("Label: spo", finish="length"), "cut by max_new_tokens"),
        (completion(""), "empty"),
        (b'{"choices": [{"message": {"content": null, "refusal": "I cannot"}}]}', "I cannot"),
        ((400, {}, error("bad words", code="content_filter")), "content filter refused the text: bad words"),
    ],
)
def test_odd_answers_are_invalid_with_their_reason(server: FaultyServer, reply: Any, reason: str) -> None:
    context, examples = context_of(server, "single_label")
    server.reply = lambda _: reply
    (found,) = answers(fitted(context, examples), examples[:1], context)
    assert found.target is None
    assert reason in (found.reason or "")


def test_answers_in_parts_and_without_counts(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    parts = '[{"type": "thinking", "thinking": []}, {"type": "text", "text": "Label: news"}]'
    server.reply = lambda _: f'{{"choices": [{{"message": {{"content": {parts}}}}}]}}'.encode()
    (found,) = answers(fitted(context, examples), examples[:1], context)
    assert (found.target, found.tokens) == ("news", Tokens())
    assert context.account.journal.tokens("predict") == (Tokens(), 1)


def test_label_probabilities_where_the_endpoint_tells_alternatives(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    tops = [{"token": " news", "logprob": math.log(0.7)}, {"token": " sport", "logprob": math.log(0.2)}]
    told = {"content": [{"token": "Label:", "logprob": 0.0, "top_logprobs": []},
                        {"token": " news", "logprob": math.log(0.7), "top_logprobs": tops}]}  # fmt: skip
    server.reply = lambda _: completion("Label: news", logprobs=told)
    (found,) = answers(fitted(context, examples), examples[:1], context)
    assert context.labels == ["art, music", "news", "sport"]
    assert found.probabilities == pytest.approx([0, 0.7 / 0.9, 0.2 / 0.9])
    assert found.confidence == pytest.approx(0.7 / 0.9)
    assert "answers_without_logprobs" not in context.notes
    context.account.journal = Journal()
    server.reply = lambda _: completion("Label: news", logprobs={"content": [{"token": "Label: news", "logprob": -1}]})
    (found,) = answers(fitted(context, examples), examples[:1], context)
    assert (found.probabilities, found.confidence) == (None, pytest.approx(math.exp(-1)))


def test_structured_output_is_checked_by_what_came(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    server.reply = lambda _: completion("The label is news, I think.")
    answers(fitted(context, examples, style="json"), examples, context)
    assert context.notes["answers_not_the_json_asked_for"] == len(examples)
    context.account.journal = Journal()
    server.reply = lambda asked: (
        (400, {}, error("response_format unknown")) if "response_format" in asked else completion('{"label": "news"}')
    )
    found = answers(fitted(context, examples, style="json"), examples, context)
    assert {one.target for one in found} == {"news"}
    assert "unknown" in context.notes["asked_without_response_format"]


def test_a_model_without_a_system_role_is_told_in_the_first_message(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    server.reply = lambda asked: (
        (400, {}, error("System role not supported"))
        if asked["messages"][0]["role"] == "system"
        else completion("Label: news")
    )
    answers(fitted(context, examples, shots=1, concurrency=1), examples, context)
    roles = [[message["role"] for message in asked["messages"]] for asked in server.requests]
    assert roles == [["system", "user", "assistant", "user"], *[["user", "assistant", "user"]] * len(examples)]
    assert "art, music" in server.requests[-1]["messages"][0]["content"]
    assert "asked_without_system_role" in context.notes


def test_long_texts_are_cut_and_counted(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    server.reply = lambda _: completion("Label: news")
    long = Example("long", "word " * 100, "news")
    answers(fitted(context, examples, max_text_characters=50), [long, examples[0]], context)
    assert context.notes["truncated_texts"] == 1
    assert all(len(asked["messages"][-1]["content"]) < 60 for asked in server.requests)


def test_similar_demonstrations_are_found_here_and_explained_once(server: FaultyServer, tmp_path: Path) -> None:
    context, examples = context_of(server, "single_label")
    server.reply = knowing("cot", context, examples)
    method = fitted(context, examples, shots=2, style="cot", demonstrations="similar")
    assert not server.requests, "only what is shown needs to be explained"
    found = answers(method, examples, context)
    assert [one.target for one in found] == [example.target for example in examples]
    explained = [asked for asked in server.requests if len(asked["messages"]) == 1]
    assert 2 <= len(explained) <= len(examples)
    assert len({asked["messages"][0]["content"] for asked in explained}) == len(explained)
    assert "similar_examples_found_on" in context.notes
    asked_about = [[one["content"] for one in asked["messages"]] for asked in server.requests if asked not in explained]
    assert len(asked_about) == len(examples)
    for *before, last in asked_about:
        assert len(before) == 5
        assert last not in before  # a text is never its own demonstration


def test_a_prompt_in_an_older_wording_is_refused_before_anything_is_asked(server: FaultyServer) -> None:
    context, examples = context_of(server, "single_label")
    now = get_style("serial", context.task, context.labels).version
    assert fitted(context, examples).settings.style_version == now
    with pytest.raises(TradeoffError, match="serial was reworded since"):
        fitted(context, examples, style_version=now - 1)
    assert not server.requests

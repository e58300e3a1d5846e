"""Prompts on every task and style: saving, examples of each text, votes, policies, settings that cannot go together."""

from dataclasses import replace

import pytest

from core.errors import TradeoffError
from core.methods.base import EXCLUDED, Cancelled
from core.methods.prompt import Prompt
from core.methods.settings import PromptSettings
from core.prompts.asker import Asker
from core.prompts.labels import Reading
from core.prompts.seq2seq import Seq2SeqEngine
from tests.core.methods.labelled import TASKS, context_of, labelled
from tests.core.methods.learners import learning_seq2seq
from tests.models import tiny_decoder


@pytest.fixture(scope="module")
def decoder(tmp_path_factory) -> str:
    return str(tiny_decoder(tmp_path_factory.mktemp("decoder"), max_positions=2048))


@pytest.fixture(scope="module")
def seq2seq(tmp_path_factory) -> str:
    texts = [example.text for example in labelled("single_label", 20)]
    return str(learning_seq2seq(tmp_path_factory.mktemp("seq2seq"), texts))


@pytest.fixture(autouse=True)
def short_thoughts(monkeypatch):
    monkeypatch.setattr("core.prompts.explaining.THINKING_TOKENS", 20)


def fitted(model, task, folder, more=None, **settings):
    train = labelled(task, 8)
    context = context_of(task, train, models=folder / "cache" / "models", **(more or {}))
    method = Prompt(PromptSettings(**{"max_new_tokens": 12, **settings}), model)
    method.fit(train, [], context)
    return method, context, labelled(task, 3, seed=1)


def answers(method, texts, context):
    return {p.id: (p.target, p.reason, p.completion, p.probabilities) for p in method.predict(texts, context)}


CASES = [(task, style, "balanced") for task in TASKS for style in ("serial", "json", "cot", "carp")]
CASES += [
    ("single_label", "serial", "similar"),
    ("intent_slots", "serial", "similar"),
    ("token_labels", "cot", "similar"),
]


@pytest.mark.parametrize(("task", "style", "shown"), CASES)
def test_every_task_and_style_answers_and_answers_the_same_when_loaded(task, style, shown, decoder, tmp_path):
    method, context, texts = fitted(decoder, task, tmp_path, style=style, shots=2, demonstrations=shown)
    found = answers(method, texts, context)
    assert sorted(found) == sorted(example.id for example in texts)
    for target, reason, _, _ in found.values():
        assert (target is None) == (reason is not None)
        assert target is None or set(context.task.label_set([target])) <= set(context.labels)
    (tmp_path / "saved").mkdir()
    method.save(tmp_path / "saved")
    again = answers(Prompt.load(tmp_path / "saved", context), texts, context)
    for name, (target, reason, completion, probabilities) in found.items():
        assert again[name][:3] == (target, reason, completion)
        assert again[name][3] == (probabilities and pytest.approx(probabilities, abs=1e-5))
    assert {path.suffix for path in (tmp_path / "saved").iterdir()} <= {".json", ".safetensors"}


@pytest.mark.parametrize(
    ("task", "settings"),
    [("single_label", {"shots": 2}), ("single_label", {"shots": 2, "demonstrations": "similar", "score_by": "sum"}),
     ("single_label", {"answer": "generate"}), ("token_labels", {"shots": 1}), ("multi_label", {"style": "cot"})],
)  # fmt: skip
def test_an_encoder_decoder_is_asked_the_same_way(task, settings, seq2seq, tmp_path):
    method, context, texts = fitted(seq2seq, task, tmp_path, **settings)
    assert isinstance(method._asker.engine, Seq2SeqEngine)
    together = answers(method, texts, context)
    for text in texts:
        (alone,) = method.predict([text], context)
        target, _, completion, probabilities = together[text.id]
        assert (alone.target, alone.completion) == (target, completion)
        assert alone.probabilities == (probabilities and pytest.approx(probabilities, abs=1e-4))


def test_a_vocabulary_without_brackets_cannot_write_json(seq2seq, tmp_path):
    with pytest.raises(TradeoffError, match="cannot write"):
        fitted(seq2seq, "token_labels", tmp_path, style="json")
    fitted(seq2seq, "single_label", tmp_path, style="json", answer="score")


def test_a_text_with_its_own_examples_is_scored_alone_as_in_a_batch(decoder, tmp_path):
    method, context, texts = fitted(decoder, "single_label", tmp_path, shots=3, demonstrations="similar")
    together = answers(method, texts, context)
    for text in texts:
        (alone,) = method.predict([text], context)
        assert alone.probabilities == pytest.approx(together[text.id][3], abs=1e-5)
    rows = method._asker.rows([text.text for text in texts])
    read = [method._asker.engine.decode([*method._asker.fitted.shared, *row.ids]) for row in rows]
    for text, prompt, shown in zip(texts, read, method.demonstrator.of([t.text for t in texts]), strict=True):
        assert [prompt.index(f"Text: {one.text}\nLabel: {one.target}\n\nText:") for one in shown] == sorted(
            prompt.index(f"Text: {one.text}\n") for one in shown
        )
        assert prompt.index(f"Text: {text.text}") > max(prompt.index(one.text) for one in shown)


def test_examples_that_do_not_fit_are_dropped_farthest_first_and_counted(tmp_path):
    small = str(tiny_decoder(tmp_path / "small", max_positions=420))
    method, context, texts = fitted(
        small, "single_label", tmp_path, shots=6, demonstrations="similar", max_text_tokens=60
    )
    list(method.predict(texts, context))
    assert context.notes["demonstrations_dropped_for_room"] > 0
    asker = method._asker
    (row,) = asker.rows([texts[0].text])
    shown = method.demonstrator.of([texts[0].text])[0]
    assert shown[-1].text in asker.engine.decode(row.ids)
    assert shown[0].text not in asker.engine.decode(row.ids)
    assert len(asker.fitted.shared) + len(row.ids) + 4 <= asker.engine.window


def test_samples_are_the_same_for_a_seed_and_differ_between_seeds(decoder, tmp_path):
    settings = {"answer": "generate", "samples": 3, "temperature": 1.0}
    method, context, texts = fitted(decoder, "single_label", tmp_path, **settings)
    first = answers(method, texts, context)
    assert first == answers(method, texts, context)
    for text in texts:
        (alone,) = method.predict([text], context)
        assert alone.completion == first[text.id][2]
    assert first != answers(method, texts, replace(context, seed=5))
    (one,) = method.predict(texts[:1], context)
    assert one.tokens.input > 3 * len(method._asker.rows([texts[0].text])[0].ids)


@pytest.fixture
def unreadable(monkeypatch):
    """The model's answers cannot be read until a number of them were written."""

    def until(count: int, label: str = "animal") -> list[int]:
        seen: list[int] = []
        plain = Asker.write

        def write(self, rows, temperature=0.0, seeds=()):
            seen.append(len(rows))
            written = plain(self, rows, temperature, seeds)
            reading = Reading(label) if len(seen) > count else Reading(None, "gibberish")
            return [replace(one, reading=reading) for one in written]

        monkeypatch.setattr(Asker, "write", write)
        return seen

    return until


@pytest.mark.parametrize(
    ("invalid", "needed", "target", "passes"),
    [("wrong", 1, None, 1), ("retry", 1, "animal", 2), ("retry", 99, None, 4), ("majority", 2, "animal", 4),
     ("exclude", 9, None, 1)],
)  # fmt: skip
def test_an_unreadable_answer_goes_by_the_policy(invalid, needed, target, passes, decoder, tmp_path, unreadable):
    method, context, texts = fitted(decoder, "single_label", tmp_path, answer="generate", invalid=invalid, retries=3)
    seen = unreadable(needed)
    found = answers(method, texts, context)
    assert {one[0] for one in found.values()} == {target}
    assert len(seen) == passes
    assert context.notes["answers_unreadable"] == len(texts)
    assert all((one[1] or "").startswith(EXCLUDED) == (invalid == "exclude") for one in found.values())
    after = None if invalid == "wrong" else 0 if target else len(texts)
    assert context.notes.get("answers_unreadable_after_policy") == (after or None)


@pytest.mark.parametrize("style", ["serial", "cot"])
def test_an_unreadable_answer_can_be_the_likeliest_label(style, decoder, tmp_path, unreadable):
    method, context, texts = fitted(
        decoder, "single_label", tmp_path, answer="generate", invalid="rank", style=style, calibration="none"
    )
    unreadable(99)
    found = answers(method, texts, context)
    assert all(one[0] in context.labels and one[1] is None for one in found.values())
    if style == "serial":
        scored, _, _ = fitted(decoder, "single_label", tmp_path, calibration="none")
        assert [one[0] for one in found.values()] == [answers(scored, texts, context)[name][0] for name in found]


@pytest.mark.parametrize(
    ("task", "settings", "why"),
    [("token_labels", {"answer": "score"}, "has to be written"), ("multi_label", {"answer": "score"}, "be written"),
     ("single_label", {"answer": "score", "style": "carp"}, "cannot be scored"),
     ("single_label", {"samples": 3, "temperature": 1.0}, "always the same"),
     ("single_label", {"samples": 3, "answer": "generate"}, "temperature 0"),
     ("intent_slots", {"invalid": "rank"}, "cannot be ranked|Only single labels")],
)  # fmt: skip
def test_settings_that_cannot_go_together_are_one_sentence(task, settings, why, decoder, tmp_path):
    with pytest.raises(TradeoffError, match=why) as caught:
        fitted(decoder, task, tmp_path, **settings)
    assert caught.value.remedy


def test_reasoning_written_before_a_kill_is_taken_over(decoder, tmp_path):
    more = {"checkpoints": tmp_path, "should_stop": lambda: (tmp_path / "reasoning.jsonl").exists()}
    with pytest.raises(Cancelled):
        fitted(decoder, "single_label", tmp_path, more, style="cot", shots=3, batch_tokens=64)
    before = (tmp_path / "reasoning.jsonl").read_text().splitlines()
    assert 0 < len(before) < 3
    fitted(decoder, "single_label", tmp_path, {"checkpoints": tmp_path}, style="cot", shots=3, batch_tokens=64)
    assert (tmp_path / "reasoning.jsonl").read_text().splitlines()[: len(before)] == before


def test_thoughts_that_do_not_end_are_brought_to_an_answer(decoder, tmp_path):
    method, context, texts = fitted(decoder, "single_label", tmp_path, style="cot", max_new_tokens=60)
    for prediction in method.predict(texts, context):
        assert "\nLabel:" in prediction.completion


def test_a_prompt_worded_otherwise_than_now_is_told(decoder, tmp_path):
    method, context, texts = fitted(decoder, "single_label", tmp_path)
    (tmp_path / "old").mkdir()
    method.save(tmp_path / "old")
    saved = tmp_path / "old" / "method.json"
    now = f'"style_version": {method.settings.style_version}'
    assert now in saved.read_text()
    saved.write_text(saved.read_text().replace(now, '"style_version": 1'))
    with pytest.raises(TradeoffError, match="reworded"):
        list(Prompt.load(tmp_path / "old", context).predict(texts, context))

"""Fine-tuned language models: each learns twenty examples by heart, on every task, and says the same once saved."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from core.candidates import resolve
from core.errors import TradeoffError
from core.methods import checked_settings, method_class
from core.methods.base import Context, Part
from core.prompts.styles import get_style
from core.tasks import Example, get_task
from core.tasks.target import Span, Target
from tests.core.methods.learners import learning_decoder, learning_seq2seq
from tests.models import tiny_encoder

CITIES, DAYS, INTENTS = (
    ["berlin", "paris", "oslo", "rome"],
    ["monday", "friday", "sunday"],
    ["weather", "travel", "music"],
)
TASKS = ["single_label", "multi_label", "token_labels", "intent_slots"]
BY_HEART: dict[str, dict[str, Any]] = {
    "decoder": {"epochs": 20, "learning_rate": 5e-3, "batch_size": 5},
    "seq2seq": {"epochs": 45, "learning_rate": 3e-3, "batch_size": 10},
}
SHORT = {"list_labels": "no", "schedule": "constant", "weight_decay": 0.0}


def examples(task_name: str, count: int = 20) -> list[Example]:
    """Texts with two spans, an intent and a set of labels, of which a task takes what it knows."""
    task, draw, found = get_task(task_name), random.Random(0), []
    for place in range(count):
        city, day, intent = draw.choice(CITIES), draw.choice(DAYS), draw.choice(INTENTS)
        text = f"{intent} in {city} on {day} please"
        spans = [
            Span(text.index(word), text.index(word) + len(word), kind) for word, kind in ((city, "city"), (day, "day"))
        ]
        targets = {
            "single_label": Target((intent,)),
            "multi_label": Target.of([intent, "work"] if day != "sunday" else [intent]),
            "token_labels": Target.of((), spans),
            "intent_slots": Target.of([intent], spans),
        }
        found.append(Example(str(place), text, task.encode(targets[task_name])))
    return found


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    texts = [text for task in TASKS for example in examples(task) for text in (example.text, example.target)]
    return {
        "decoder": str(learning_decoder(folder / "decoder", texts)),
        "seq2seq": str(learning_seq2seq(folder / "seq2seq", texts)),
    }


def made(name: str, models: dict[str, str], **changes: Any) -> Any:
    return method_class(name)(checked_settings(name, changes, name), models[name.split("-")[0]])


def context_of(task_name: str, folder: Path, **more: Any) -> Context:
    task = get_task(task_name)
    labels = task.label_set([example.target for example in examples(task_name)])
    return Context(task, labels, models=folder / "cache", **more)


def answers(method: Any, asked: list[Example], where: Context) -> dict[str, Any]:
    return {prediction.id: prediction for prediction in method.predict(asked, where)}


def right(found: dict[str, Any], asked: list[Example]) -> int:
    return sum(found[example.id].target == example.target for example in asked)


def saved(method: Any, where: Context, folder: Path) -> Any:
    """The method as it is after saving and loading."""
    (folder / "saved").mkdir()
    method.save(folder / "saved")
    for path in (folder / "saved").rglob("*"):
        assert path.is_dir() or path.suffix in (".json", ".safetensors", ".md", ".jinja"), path
    return type(method).load(folder / "saved", where)


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    for key, prediction in before.items():
        assert (after[key].target, after[key].completion) == (prediction.target, prediction.completion)
        assert after[key].confidence == pytest.approx(prediction.confidence, abs=1e-4)


@pytest.mark.parametrize("name", ["decoder-full", "seq2seq-full"])
@pytest.mark.parametrize("task", TASKS)
def test_it_learns_by_heart(name: str, task: str, models: dict[str, str], tmp_path: Path) -> None:
    where, known = context_of(task, tmp_path), examples(task)
    style = "json" if (name, task) == ("decoder-full", "multi_label") else "serial"
    method = made(name, models, **BY_HEART[name.split("-")[0]], **SHORT, style=style)
    method.fit(known, [], where)
    before = answers(method, known, where)
    assert right(before, known) >= 19
    assert "answers_not_spelled" not in where.notes
    assert_same(before, answers(saved(method, where, tmp_path), known, where))


@pytest.mark.parametrize("name", ["decoder-lora", "decoder-qlora", "seq2seq-lora", "seq2seq-qlora"])
@pytest.mark.parametrize("task", TASKS[1:])
def test_adapters_do_every_task(name: str, task: str, models: dict[str, str], tmp_path: Path) -> None:
    where, known = context_of(task, tmp_path), examples(task, 6)
    method = made(name, models, epochs=2, learning_rate=1e-2, rank=4, max_new_tokens=12, select_by="loss")
    method.fit(known, known[:2], where)
    before = answers(method, known, where)
    assert all(found.target is not None or found.reason for found in before.values())
    assert_same(before, answers(saved(method, where, tmp_path), known, where))
    kept = sum(path.stat().st_size for path in (tmp_path / "saved").glob("*.safetensors"))
    assert kept < sum(path.stat().st_size for path in Path(models[name.split("-")[0]]).glob("*.safetensors"))


@pytest.mark.parametrize(
    "changes", [{}, {"dora": True}, {"rslora": True, "lora_plus_ratio": 4.0, "learning_rate": 4e-3}]
)
def test_adapters_learn(changes: dict[str, Any], models: dict[str, str], tmp_path: Path) -> None:
    losses: list[float] = []
    where = context_of(
        "single_label", tmp_path, report=lambda event: losses.append(event.get("loss", losses[-1:] or 9))
    )
    settings = {"epochs": 16, "learning_rate": 2e-2, "rank": 8, **SHORT, **changes}
    method = made("decoder-lora", models, **settings)
    method.fit(examples("single_label"), [], where)
    numbers = [loss for loss in losses if isinstance(loss, float)]
    assert numbers[-1] < 0.4 * numbers[0]


def test_weights_of_four_bits_stay_so_and_learn(models: dict[str, str], tmp_path: Path) -> None:
    from bitsandbytes.nn import Linear4bit

    losses: list[float] = []
    where = context_of("single_label", tmp_path, report=lambda event: losses.append(event.get("loss", float("nan"))))
    method = made("decoder-qlora", models, epochs=12, learning_rate=2e-2, rank=8, gradient_checkpointing=True, **SHORT)
    method.fit(examples("single_label"), [], where)
    kinds = [type(module) for module in method.tuned.network.modules()]
    assert kinds.count(Linear4bit) == 14
    assert losses[-1] < 0.6 * losses[0]


def test_settings_of_four_bits_that_cannot_be(models: dict[str, str], tmp_path: Path, monkeypatch: Any) -> None:
    where, known = context_of("single_label", tmp_path), examples("single_label", 4)
    with pytest.raises(TradeoffError, match="no GPU here"):
        made("decoder-qlora", models, optimizer="paged_adamw").fit(known, [], where)
    monkeypatch.setattr("core.methods.quantised.find_spec", lambda name: None)
    with pytest.raises(TradeoffError, match="bitsandbytes") as error:
        made("seq2seq-qlora", models).fit(known, [], where)
    assert "pip install" in error.value.remedy


@pytest.mark.parametrize("name", ["decoder-lora", "seq2seq-full"])
def test_one_model_for_several_datasets(name: str, models: dict[str, str], tmp_path: Path) -> None:
    tasks = ["single_label", "intent_slots"]
    contexts = {task: context_of(task, tmp_path, dataset=f"set-{task}") for task in tasks}
    parts = [
        Part(where.dataset, where.task, where.labels, examples(task, 8), examples(task, 3))
        for task, where in contexts.items()
    ]
    method = made(name, models, epochs=2, max_new_tokens=16, mix="equal")
    method.fit_parts(parts, contexts["single_label"])
    before = {task: answers(method, examples(task), where) for task, where in contexts.items()}
    assert {p.target for p in before["single_label"].values()} <= set(INTENTS)
    loaded = saved(method, contexts["single_label"], tmp_path)
    for task, where in contexts.items():
        assert_same(before[task], answers(loaded, examples(task), where))
    stranger = context_of("token_labels", tmp_path, dataset="stranger")
    with pytest.raises(TradeoffError, match="not fitted on stranger"):
        answers(loaded, examples("token_labels"), stranger)


@pytest.mark.parametrize(
    ("name", "task"),
    [("decoder-full", "single_label"), ("decoder-lora", "multi_label"), ("decoder-qlora", "single_label")],
)
def test_a_decoder_with_a_classification_head(name: str, task: str, models: dict[str, str], tmp_path: Path) -> None:
    where, known = context_of(task, tmp_path), examples(task)
    rate = 3e-3 if name == "decoder-full" else 2e-2
    method = made(
        name, models, head="classify", epochs=15, learning_rate=rate, batch_size=5, patience=0, precision="fp32"
    )
    method.fit(known, known[:6], where)
    before = answers(method, known, where)
    assert right(before, known) >= 15
    for prediction in before.values():
        assert len(prediction.probabilities) == len(where.labels)
    assert_same(before, answers(saved(method, where, tmp_path), known, where))


def test_a_classification_head_labels_no_spans(models: dict[str, str], tmp_path: Path) -> None:
    where = context_of("token_labels", tmp_path)
    with pytest.raises(TradeoffError, match="token_labels") as error:
        made("decoder-lora", models, head="classify").fit(examples("token_labels"), [], where)
    assert "generate" in error.value.remedy


def test_an_encoder_is_no_language_model(tmp_path: Path) -> None:
    encoder = {"decoder": str(tiny_encoder(tmp_path / "encoder"))}
    with pytest.raises(TradeoffError, match="does not write text"):
        made("decoder-lora", encoder).fit(examples("single_label"), [], context_of("single_label", tmp_path))


def test_long_texts_are_cut_and_told(models: dict[str, str], tmp_path: Path) -> None:
    where = context_of("token_labels", tmp_path)
    long = [Example("long", "in berlin " * 100, get_task("token_labels").encode(Target.of((), [Span(3, 9, "city")])))]
    method = made("decoder-full", models, epochs=1, max_tokens=20, max_new_tokens=4)
    method.fit(long, [], where)
    assert where.notes["truncated_examples"] == 1
    answers(method, long, where)
    assert where.notes["truncated_predicted"] == 1


def test_an_instruction_that_fills_the_window(models: dict[str, str], tmp_path: Path) -> None:
    method = made("decoder-full", models, instruction="x y " * 400)
    with pytest.raises(TradeoffError, match="no room"):
        method.fit(examples("single_label"), [], context_of("single_label", tmp_path))


def test_an_answer_that_is_cut_is_invalid_and_says_so(models: dict[str, str], tmp_path: Path) -> None:
    where, known = context_of("single_label", tmp_path), examples("single_label", 4)
    method = made("decoder-full", models, epochs=1, answer="generate", max_new_tokens=1)
    method.fit(known, [], where)
    for prediction in answers(method, known, where).values():
        assert prediction.target in where.labels or "cut after 1 tokens" in prediction.reason


def test_validation_decides_on_a_bounded_sample(models: dict[str, str], tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    where = context_of("intent_slots", tmp_path, report=events.append)
    method = made("decoder-full", models, epochs=2, validation_texts=3, max_new_tokens=4)
    method.fit(examples("intent_slots", 8), examples("intent_slots", 20), where)
    values = [event["value"] for event in events if event.get("metric") == "validation_exact_match"]
    assert len(values) == 2
    assert torch.isfinite(torch.tensor(values)).all()


@pytest.mark.parametrize("name", ["decoder-full", "decoder-qlora", "seq2seq-lora"])
def test_the_wording_is_part_of_the_settings_and_an_older_one_is_refused(
    name: str, models: dict[str, str], tmp_path: Path
) -> None:
    now = get_style("json", get_task("single_label"), []).version
    assert made(name, models, style="json").settings.model_dump()["style_version"] == now
    assert (
        "style_version" not in resolve(f"{models[name.split('-')[0]]}-{name.split('-')[1]}", {"style": "json"}).changed
    )
    texts = examples("single_label", 4)
    with pytest.raises(TradeoffError, match=f"serial was reworded since .version {now + 1}, now {now}"):
        made(name, models, style_version=now + 1).fit(texts, texts, context_of("single_label", tmp_path))

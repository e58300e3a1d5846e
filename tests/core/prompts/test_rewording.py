"""Instructions in other words: each is another one, asks for the same, and leaves old runs their names."""

import pytest

from core.candidates import resolve
from core.errors import TradeoffError
from core.prompts.rewording import MOST, ordered, reworded
from core.prompts.styles import STYLES, get_style, style_of
from core.spec import RunSpec
from core.tasks import TASKS, get_task

LABELS = {
    "single_label": ["ham", "spam", "eggs"], "multi_label": ["ham", "spam", "eggs"], "token_labels": ["PER", "LOC"],
    "intent_slots": ["intent:book", "intent:cancel", "slot:city"],
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("solved", [False, True])
def test_every_instruction_has_its_wordings_with_all_names_in_them(style: str, task: str, solved: bool) -> None:
    of = get_task(task)
    labels = LABELS.get(task, LABELS[of.kind])
    said = [get_style(style, of, labels, paraphrase=k).instruction(solved=solved) for k in range(MOST + 1)]
    assert len(set(said)) == MOST + 1
    for words in said:
        assert "{" not in words.replace('{"', "")
        for name in [*of.text_label_set(labels), *of.span_label_set(labels)]:
            assert name in words
    tail = len(said[0]) // 2
    assert any(words.endswith(said[0][-tail // 2 :]) for words in said[1:])


def test_an_order_is_the_same_names_and_always_the_same_order() -> None:
    names = list("abcdefgh")
    assert ordered(names, 0) == names
    assert sorted(ordered(names, 5)) == names
    assert ordered(names, 5) == ordered(names, 5)
    assert len({tuple(ordered(names, k)) for k in range(6)}) == 6
    style = get_style("serial", get_task("single_label"), names, label_order=3)
    assert ", ".join(ordered(names, 3)) in style.instruction()
    assert style.labels == names  # answers stay aligned


def test_wordings_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="no wording"):
        reworded("Classify the text.", MOST + 1)
    with pytest.raises(TradeoffError):
        resolve("smollm2-zero-shot", {"paraphrase": MOST + 1})
    with pytest.raises(TradeoffError, match="standard instruction"):
        resolve("smollm2-zero-shot", {"paraphrase": 1, "instruction": "Say {labels}."})
    own = resolve("smollm2-zero-shot", {"instruction": "Say {labels}.", "label_order": 2})
    style = style_of(own.settings, get_task("single_label"), ["a", "b", "c"])
    assert style.instruction(own.settings["instruction"]).startswith("Say ")


def test_a_prompt_as_usual_keeps_the_name_that_its_runs_had_before_it_could_vary() -> None:
    now = resolve("smollm2-few-shot")
    old = {name: value for name, value in now.settings.items() if name not in ("paraphrase", "label_order")}
    spec = RunSpec(dataset="d", fingerprint="f", task="single_label", candidate=now)
    before = spec.model_copy(update={"candidate": now.model_copy(update={"settings": old})})
    assert spec.run_id == before.run_id
    assert before.candidate.variation == (0, 0)
    varied = spec.model_copy(update={"candidate": resolve("smollm2-few-shot", {"paraphrase": 1, "shots": 2})})
    assert varied.run_id != spec.run_id
    assert varied.candidate.variation == (1, 0)
    assert varied.usual_label == "smollm2-few-shot [shots=2]"
    assert varied.candidate.usual == resolve("smollm2-few-shot", {"shots": 2})

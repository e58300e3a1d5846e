"""Small sets of every task over the words of `tests.conftest`: a label, several, spans, or an intent with slots."""

import random

from core.methods.base import Context
from core.tasks import Example, Span, Target, get_task
from tests.conftest import WORDS

KIND_OF = {word: kind for kind, words in WORDS.items() for word in words}
TASKS = ("single_label", "multi_label", "token_labels", "intent_slots")


def labelled(task_name: str, count: int, seed: int = 0) -> list[Example]:
    """Texts such as `please tell me about the red cat, and two.` with their targets by the kinds of their words."""
    generator, task = random.Random(f"{seed} {task_name}"), get_task(task_name)
    examples = []
    for number in range(count):
        kinds = generator.sample(sorted(WORDS), generator.randint(1, 3))
        text, spans = "please tell me about", []
        for kind in kinds:
            text += " the " if generator.random() < 0.5 else " and "
            word = generator.choice(WORDS[kind])
            spans.append(Span(len(text), len(text) + len(word), kind))
            text += word + generator.choice(["", ","])
        target = {
            "single_label": Target((kinds[0],)), "multi_label": Target.of(kinds), "token_labels": Target.of((), spans),
            "intent_slots": Target.of(kinds[:1], spans),
        }[task_name]  # fmt: skip
        examples.append(Example(f"{task_name}-{seed}-{number}", text + ".", task.encode(target)))
    return examples


def context_of(task_name: str, *sets: list[Example], **more: object) -> Context:
    """A context whose label set is that of the examples."""
    task = get_task(task_name)
    return Context(task, task.label_set([e.target for some in sets for e in some]), **more)  # type: ignore[arg-type]

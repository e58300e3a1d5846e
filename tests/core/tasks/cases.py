"""Random targets and predictions of every task, with answers that are invalid or outside the label set."""

import random

from core.tasks import Span, Target, get_task

TEXT_LABELS = ["ask", "book", "cancel", "tell"]
SPAN_LABELS = ["city", "person", "time"]
WORDS = [(6 * i, 6 * i + 5) for i in range(12)]
"""The words of every text: five letters and a space."""


def label_set(task: str) -> list[str]:
    if task == "intent_slots":
        return [f"intent:{label}" for label in TEXT_LABELS] + [f"slot:{label}" for label in SPAN_LABELS]
    return SPAN_LABELS if task == "token_labels" else TEXT_LABELS


def target(task: str, draw: random.Random, strange: bool = False) -> Target:
    """A random target; a `strange` one may hold labels that are not in the label set."""
    texts, spans = TEXT_LABELS + ["ghost"] * strange, SPAN_LABELS + ["ghost"] * strange
    some = draw.sample(texts, draw.choice((0, 1, 1, 2, 3)))
    labels = {"multi_label": some, "token_labels": []}.get(task, [draw.choice(texts)])
    return Target.of(labels, random_spans(draw, spans) if get_task(task).has_spans else [])


def random_spans(draw: random.Random, labels: list[str]) -> list[Span]:
    """Spans of whole words that do not overlap."""
    found, place = [], draw.randint(0, 8)
    while place < len(WORDS):
        last = min(len(WORDS) - 1, place + draw.choice((0, 0, 1, 2)))
        found.append(Span(WORDS[place][0], WORDS[last][1], draw.choice(labels)))
        place = last + draw.randint(1, 6)
    return found


def near(task: str, right: Target, draw: random.Random, strange: bool = False) -> Target:
    """A prediction that is often right, or right in parts."""
    if draw.random() < 0.5:
        return right
    other = target(task, draw, strange)
    return Target(right.labels, other.spans) if draw.random() < 0.5 else Target(other.labels, right.spans)


def case(task: str, seed: int, n: int = 0, strange: bool = False) -> tuple[list[str], list[str | None]]:
    """Encoded targets and predictions; with `strange` also invalid answers and labels outside the set."""
    draw = random.Random(f"{task}{seed}")
    targets = [target(task, draw) for _ in range(n or draw.randint(1, 60))]
    found = [
        None if strange and draw.random() < 0.1 else get_task(task).encode(near(task, right, draw, strange))
        for right in targets
    ]
    return [get_task(task).encode(right) for right in targets], found

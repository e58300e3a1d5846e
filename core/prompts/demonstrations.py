"""Which solved examples a prompt shows: drawn once, from the training texts only, the same for every text asked."""

import random
from collections.abc import Sequence

from core.tasks.base import Example


def draw(train: Sequence[Example], count: int, how: str, seed: int) -> list[Example]:
    """`count` different training texts, empty ones left out, in a shuffled order; fewer when there are no more.

    Args:
        train: the training examples.
        count: how many.
        how: `random`, or `balanced`: every label in turn, in a shuffled order, as long as it has texts left.
        seed: the same seed draws the same examples.
    """
    generator = random.Random(seed)
    pool = list({example.text.strip(): example for example in reversed(train) if example.text.strip()}.values())
    pool.sort(key=lambda example: example.id)
    generator.shuffle(pool)
    chosen = pool[:count] if how == "random" else _in_turn(pool, count, generator)
    generator.shuffle(chosen)
    return chosen


def _in_turn(pool: Sequence[Example], count: int, generator: random.Random) -> list[Example]:
    by_target: dict[str, list[Example]] = {}
    for example in pool:
        by_target.setdefault(example.target, []).append(example)
    queues = [by_target[target] for target in sorted(by_target)]
    generator.shuffle(queues)
    chosen: list[Example] = []
    while len(chosen) < count and any(queues):
        chosen += [queue.pop() for queue in queues if queue][: count - len(chosen)]
    return chosen

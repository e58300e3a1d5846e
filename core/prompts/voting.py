"""One answer out of several that a model wrote about a text."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from core.prompts.labels import Reading
from core.tasks.base import Task
from core.tasks.target import Target

Item = TypeVar("Item")


def vote(readings: Sequence[Reading], task: Task) -> tuple[Reading, float | None]:
    """What most readable answers say, and the share of all answers that agree with it.

    One label: the most frequent, the first of equals. Several labels and spans: those that more than half of the
    readable answers name. When no answer can be read the first one's reason stands.
    """
    valid = [reading for reading in readings if reading.target is not None]
    if not valid:
        return readings[0], None
    targets = [reading.target for reading in valid if reading.target is not None]
    decoded = [task.decode(target) for target in targets]
    labels: tuple[str, ...] = ()
    if task.text_labels == "one":
        labels = Counter(target.labels for target in decoded).most_common(1)[0][0]
    elif task.text_labels == "any":
        labels = tuple(_majority([target.labels for target in decoded]))
    spans = _majority([target.spans for target in decoded])
    elected = task.encode(Target.of(labels, spans))
    counts = sum((Counter(reading.counts) for reading in valid), Counter[str]())
    return Reading(elected, counts=counts), targets.count(elected) / len(readings)


def _majority(ballots: Sequence[Sequence[Item]]) -> list[Item]:
    votes = Counter(item for ballot in ballots for item in set(ballot))
    return [item for item, count in votes.items() if 2 * count > len(ballots)]

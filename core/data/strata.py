"""By which label an example counts when examples are spread over splits and samples."""

from collections import Counter
from collections.abc import Sequence

from core.tasks import get_task


def strata(task: str, targets: Sequence[str]) -> list[str]:
    """A label for each encoded target, shape (targets,), so that examples can be spread as if they had one label.

    single_label: the label. intent_slots: the intent. multi_label and token_labels: of the example's labels the one
    that fewest examples carry, so that rare labels reach every split; nothing for an example without labels.
    """
    kind, decode = get_task(task).kind, get_task(task).decode
    if kind == "single_label":
        return list(targets)
    found = {target: decode(target) for target in set(targets)}
    if kind == "intent_slots":
        return [found[target].labels[0] for target in targets]
    carried = {
        target: set(decoded.labels) | {span.label for span in decoded.spans} for target, decoded in found.items()
    }
    counts = Counter(label for target in targets for label in carried[target])
    rarest = {
        target: min(labels, key=lambda label: (counts[label], label), default="") for target, labels in carried.items()
    }
    return [rarest[target] for target in targets]

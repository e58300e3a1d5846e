"""From the log-probabilities of written tokens to a confidence and to label probabilities."""

import math
from collections.abc import Mapping, Sequence

Tokens = Sequence[tuple[str, float, Sequence[tuple[str, float]]]]


def confidence(tokens: Tokens) -> float:
    """The probability of the whole answer as it was written."""
    return math.exp(sum(log for _, log, _ in tokens))


def label_probabilities(tokens: Tokens, answers: Mapping[str, Sequence[str]], chosen: str) -> dict[str, float]:
    """The probability of each label, from the alternatives at the tokens where answers part ways.

    `answers` holds the wordings of each label's answer, with and without its opening; `chosen` is the label of the
    answer that was written. At each token an alternative that leads towards other labels gives them its probability
    times that of the path before it, in equal parts where several begin alike. What leads to no label is left out,
    and the rest is normalised: labels that no alternative leads to get 0.
    """
    mass = dict.fromkeys(answers, 0.0)
    path, before = "", 1.0
    for text, log, alternatives in tokens:
        here = math.exp(log)
        for other, other_log in alternatives:
            if other != text:
                led = _led_to(path + other, answers) - _led_to(path + text, answers)
                for label in led:
                    mass[label] += before * math.exp(other_log) / len(led)
        path, before = path + text, before * here
        if _led_to(path, answers) == {chosen}:
            break
    mass[chosen] += before
    total = sum(mass.values())
    return {label: value / total for label, value in mass.items()} if total > 0 else mass


def _led_to(written: str, answers: Mapping[str, Sequence[str]]) -> set[str]:
    """The labels whose answer begins as `written` does; white space at the beginning does not count."""
    start = written.lstrip()
    return {
        label
        for label, wordings in answers.items()
        if any(wording.startswith(start) or (start.startswith(wording) and start) for wording in wordings)
    }

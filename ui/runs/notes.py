"""What a run noted about itself, in sentences: texts that were cut, examples that were dropped, limits met."""

from collections.abc import Mapping
from typing import Any

from core import format as f
from ui.forms import title

LIMITED: dict[str, str] = {
    "truncated_examples": "{n} training texts were cut at {limit}.",
    "truncated_predicted": "{n} texts were cut at {limit} when they were answered.",
    "truncated_texts": "{n} texts were cut so that they fit into the prompt.",
    "demonstrations_dropped": "{n} solved examples were left out of the prompt: the model's window holds no more.",
    "demonstrations_dropped_for_room": "{n} solved examples were left out of prompts of long texts.",
    "answers_unreadable": "{n} answers could not be read at first.",
    "answers_unreadable_after_policy": "{n} answers could not be read even then.",
    "lines_not_read": "{n} lines of answers could not be read.",
    "strings_not_in_text": "{n} answered strings do not stand in their text and were left out.",
    "strings_repeated": "{n} answered strings were named more often than they stand in their text.",
    "unknown_labels": "{n} times a label was answered that the set does not have.",
    "answers_without_logprobs": "{n} answers came without probabilities, so their confidence is unknown.",
    "answers_not_the_json_asked_for": "{n} answers were not the JSON that was asked for.",
}
"""Notes that count what was lost, in the order in which they are told."""
SAID: dict[str, str] = {
    "labels_listed": "Labels named in the prompt: {value}.",
    "max_tokens": "Tokens of a text that are read: {value}.",
    "answers_not_spelled": "In training, {value}.",
    "features_limit": "Word counts are limited: {value}.",
    "chosen_on": "What was learned was checked on {value} validation texts, those of a race's round.",
    "similar_examples_found_on": "Similar examples were looked up on the {value}.",
}
"""Notes that are told as they are."""
POLICIES: dict[str, str] = {
    "retry": "Where an answer could not be read, the model was asked again.",
    "majority": "Where an answer could not be read, further answers were put to a vote.",
    "rank": "Where an answer could not be read, the likeliest label was taken.",
    "exclude": "Where an answer could not be read, the text was left out of the scores.",
}
"""What was done about unreadable answers, by the setting `invalid`."""
UNSETTLED = "The linear model stopped before it had settled."


def warnings(notes: Mapping[str, Any], settings: Mapping[str, Any], totals: Mapping[str, int]) -> list[str]:
    """The notes that make a difference to the scores, in sentences; none for counts of zero.

    `settings` are the candidate's; `totals` tells by note out of how many a count is.
    """
    limit = str(notes.get("max_tokens", settings.get("max_tokens") or "")).split(":")[0]
    where = f"{limit} tokens" if limit else "the model's limit"
    said = []
    for key, sentence in LIMITED.items():
        count, total = notes.get(key), totals.get(key, 0)
        if isinstance(count, int | float) and count:
            many = f"{f.number(count)} of {total:,}" if total >= count else f.number(count)
            said.append(sentence.format(n=many, limit=where))
    said += [sentence.format(value=_shown(notes[key])) for key, sentence in SAID.items() if notes.get(key)]
    said += [POLICIES[policy] for policy in [notes.get("unreadable_answers_are")] if policy in POLICIES]
    if notes.get("converged") is False:
        said.append(UNSETTLED)
    dropped = [
        key.removeprefix("asked_without_").replace("_", " ") for key in notes if key.startswith("asked_without_")
    ]
    return [*said, f"The endpoint did not take: {', '.join(dropped)}."] if dropped else said


def facts(notes: Mapping[str, Any]) -> dict[str, str]:
    """All notes as name and value, for the table of what a run is made of."""
    return {title(key): _shown(value) for key, value in notes.items()}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(each) for each in value)
    return f.number(value) if isinstance(value, int | float) else str(value)

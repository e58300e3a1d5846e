"""What a run noted about itself, in sentences: texts that were cut, examples that were dropped, limits met."""

from collections.abc import Mapping
from typing import Any

from core import format as f
from ui.forms import title

WARNINGS: dict[str, str] = {
    "truncated_examples": "{n} training texts were cut at {limit}.",
    "truncated_predicted": "{n} texts were cut at {limit} when they were answered.",
    "truncated_texts": "{n} texts were cut at {limit}.",
    "truncated_answers": "{n} training answers were cut at {limit}.",
    "truncated_completions": "{n} answers were cut off before their end.",
    "demonstrations_dropped": "{n} solved examples were left out of the prompts: the model's window holds no more.",
    "demonstrations_dropped_for_room": "{n} similar examples were left out of prompts: the window holds no more.",
    "answers_unreadable": "{n} answers could not be read at first.",
    "answers_unreadable_after_policy": "{n} of them could not be read in the end.",
    "strings_not_in_text": "{n} strings that were named as found are not in their text.",
    "requests_without_answer": "{n} requests may have been billed though no answer came; the cost leaves them out.",
    "answers_not_the_json_asked_for": "{n} answers were not the JSON that the endpoint was asked for.",
    "labels_listed": "Labels in the prompt: {value}.",
    "max_tokens": "Texts are read up to a limit of {value}.",
    "converged": "The linear model stopped before it had settled.",
}
"""Notes that a reader should see beside the scores. `{n}` is a count, `{value}` the note as it is."""


def warnings(notes: Mapping[str, Any], texts: int | None = None) -> list[str]:
    """The notes that make a difference to the scores, in sentences; none for counts of zero."""
    said = []
    for key, value in notes.items():
        sentence = WARNINGS.get(key)
        if sentence is None or value in (0, None, True, "", [], {}):
            continue
        limit = notes.get("max_tokens_used") or notes.get("max_tokens")
        where = f"{str(limit).split(':')[0]} tokens" if limit else "the model's limit"
        count = f"{f.number(value)} of {texts:,}" if texts and isinstance(value, int) else _shown(value)
        said.append(sentence.format(n=count, value=_shown(value), limit=where))
    return said


def facts(notes: Mapping[str, Any]) -> dict[str, str]:
    """All notes as name and value, for the table of what a run is made of."""
    return {title(key): _shown(value) for key, value in notes.items() if not isinstance(value, dict | list)}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f.number(value) if isinstance(value, int | float) else str(value)

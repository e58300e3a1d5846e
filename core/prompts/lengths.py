"""How long an answer may get, by task and style. Light: no model is needed."""

from typing import Protocol

from core.prompts.styles import PromptStyle

NEW_TOKENS = {"single_label": 24, "multi_label": 64, "token_labels": 160, "intent_slots": 192}
"""Most tokens of an answer by the kind of task; JSON takes half as many again."""
THINKING_TOKENS = 200
"""Most tokens of the reasoning before an answer."""


class Limited(Protocol):
    """Settings that limit an answer; 0 leaves it to task and style."""

    @property
    def max_new_tokens(self) -> int:
        """Most tokens that may be written for a text."""


def answer_tokens(style: PromptStyle) -> int:
    """How many tokens may be written for what is asked for, reasoning apart."""
    return NEW_TOKENS[style.task.kind] * (3 if style.name == "json" else 2) // 2


def most_new_tokens(settings: Limited, style: PromptStyle) -> int:
    """How many tokens may be written about a text."""
    return settings.max_new_tokens or answer_tokens(style) + (THINKING_TOKENS if style.reasons else 0)

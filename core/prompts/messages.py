"""Whole prompts as text or as chat messages. Light: no model is needed."""

from collections.abc import Sequence

from core.prompts.styles import Demonstration, PromptStyle
from core.tasks.base import Example


def chat_messages(
    style: PromptStyle, instruction: str, demonstrations: Sequence[Example], text: str
) -> list[dict[str, str]]:
    """A chat: the instruction as the system's message, each demonstration as a turn, and the question last.

    The model's answer begins with the style's opening: read it as it is.
    """
    turns = [{"role": "system", "content": instruction}]
    for shown in demonstrations:
        turns.append({"role": "user", "content": style.question(shown.text)})
        turns.append({"role": "assistant", "content": solution(style, shown)})
    return [*turns, {"role": "user", "content": style.question(text)}]


def plain_prompt(style: PromptStyle, instruction: str, demonstrations: Sequence[Example], text: str) -> str:
    """The prompt as one text that ends with the answer's opening: the model goes on from there."""
    solved = (f"{style.question(shown.text)}\n{solution(style, shown)}" for shown in demonstrations)
    return "\n\n".join([instruction, *solved, f"{style.question(text)}\n{style.opening}"])


def solution(style: PromptStyle, shown: Example) -> str:
    """The whole answer of a demonstration."""
    return style.answer(shown.text, shown.target, shown if isinstance(shown, Demonstration) else None)

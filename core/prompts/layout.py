"""The whole prompt as text: what all texts share, and what follows each text. Light: no model is needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.prompts.messages import solution
from core.prompts.styles import PromptStyle
from core.tasks.base import Example

ChatTemplate = Callable[[str], str]
"""Wraps a user's message; what it gives ends where the model's answer begins."""

_TEXT_STANDS_HERE = "TEXT-STANDS-HERE-5f0c2d"


@dataclass(frozen=True)
class Layout:
    """A prompt is `shared` + a space + the delimited text + `tail`; the model goes on with the label."""

    shared: str
    tail: str

    def whole(self, delimited: str) -> str:
        """The prompt of one text."""
        return f"{self.shared} {delimited}{self.tail}"


def lay_out(
    style: PromptStyle, instruction: str, demonstrations: Sequence[Example],
    neutral: Callable[[str], str] = lambda text: text, chat: ChatTemplate | None = None,
) -> Layout:  # fmt: skip
    """The layout of a run.

    Everything that is the same for all texts comes first, so that a model computes it once.

    Args:
        style: how texts are asked and answered.
        instruction: what is asked, with the labels.
        demonstrations: solved examples, their texts cut already.
        neutral: takes control tokens out of a text (`Engine.neutral`).
        chat: the model's chat template; None asks in plain text.
    """
    solved = [
        f"{style.lead} {neutral(style.delimited(shown.text))}\n{neutral(solution(style, shown))}"
        for shown in demonstrations
    ]
    shared = "\n\n".join([neutral(instruction), *solved, style.lead])
    if chat is None:
        return Layout(shared, f"\n{style.opening}")
    before, _, after = chat(f"{shared} {_TEXT_STANDS_HERE}").rpartition(f" {_TEXT_STANDS_HERE}")
    return Layout(before, after + style.opening)

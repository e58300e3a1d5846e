"""What a prompt will look like, before anything is launched. Light: no model is loaded."""

from collections.abc import Sequence

from core.methods.settings import PromptSettings
from core.prompts.demonstrations import draw
from core.prompts.layout import lay_out
from core.prompts.styles import get_style
from core.tasks.base import Example, Task


def preview(
    settings: PromptSettings, task: Task, labels: Sequence[str], train: Sequence[Example], text: str, seed: int = 0
) -> str:
    """The prompt for `text`, with the demonstrations that a run with this seed would draw from `train`.

    It is shown in plain text: a model with a chat template has its own marks around the message, and cuts long texts
    at `max_text_tokens`. When the answer is scored, each label is tried where the prompt ends.
    """
    style = get_style(settings.style, task, labels)
    shown = draw(train, settings.shots, settings.demonstrations, seed)
    layout = lay_out(style, style.instruction(settings.instruction, bool(shown)), shown)
    return layout.whole(style.delimited(text))

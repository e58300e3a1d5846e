"""Prompt styles: how a text is asked and how the answer is read. A style is a class and its row in `STYLES`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from core.errors import TradeoffError, unknown
from core.prompts.labels import Reading
from core.prompts.styles.base import Demonstration, PromptStyle, Style
from core.prompts.styles.json_object import Json
from core.prompts.styles.reasoned import Carp, ChainOfThought
from core.prompts.styles.serial import Serial
from core.spec import VARIATIONS
from core.tasks.base import Task

STYLES: dict[str, type[Style]] = {style.name: style for style in (Serial, Json, ChainOfThought, Carp)}

if TYPE_CHECKING:
    # A literal that is made of a table is none to a type checker.
    from builtins import str as StyleName
    from builtins import str as TaughtStyleName
else:
    StyleName = Literal[tuple(STYLES)]
    """What a setting may name: forms list these."""
    TaughtStyleName = Literal[tuple(name for name, style in STYLES.items() if not style.reasons)]
    """Styles that a model can be trained to write: labelled sets hold no reasoning."""


def get_style(
    name: str, task: Task, labels: Sequence[str], version: int | None = None, paraphrase: int = 0, label_order: int = 0
) -> PromptStyle:
    """The style called `name` for a task and its label set (`Context.labels`).

    Args:
        version: the wording that a run was made with (`style_version` of its settings).
        paraphrase: another wording of the standard instruction (`core.prompts.rewording`).
        label_order: another order of the labels in the instruction.

    Raises:
        TradeoffError: there is no such style, or it was worded otherwise in that version.
    """
    if name not in STYLES:
        raise unknown("prompt style", name, STYLES)
    if version not in (None, STYLES[name].version):
        raise TradeoffError(
            f"The prompt style {name} was reworded since (version {version}, now {STYLES[name].version})",
            remedy="Launch the candidate again.",
        )
    style: PromptStyle = STYLES[name](task, labels)  # type: ignore[assignment]
    style.paraphrase, style.label_order = paraphrase, label_order
    return style


def style_of(settings: Mapping[str, Any], task: Task, labels: Sequence[str]) -> PromptStyle:
    """The style that the settings of a prompt candidate ask in; runs from before they could vary have no variation.

    Raises:
        TradeoffError: see `get_style`.
    """
    varied = {name: settings.get(name, 0) for name in VARIATIONS}
    return get_style(settings["style"], task, labels, settings.get("style_version") or None, **varied)


__all__ = ["STYLES", "Demonstration", "PromptStyle", "Reading", "StyleName", "TaughtStyleName", "get_style", "style_of"]

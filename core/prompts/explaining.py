"""The reasoning of demonstrations, written once by the model, which is shown the right answer (arXiv 2305.08377)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core import files
from core.methods.base import Context, memory_guard
from core.methods.batching import budget_batches
from core.methods.settings import PromptSettings
from core.prompts.engine import Engine
from core.prompts.layout import lay_out
from core.prompts.lengths import THINKING_TOKENS
from core.prompts.styles import Demonstration, PromptStyle
from core.prompts.window import Cutter, chat_template
from core.tasks.base import Example

KEPT = "reasoning.jsonl"


def explained(
    engine: Engine, style: PromptStyle, settings: PromptSettings, shown: Sequence[Example], context: Context
) -> list[Demonstration]:
    """The examples with the reasoning that leads to their targets; what an earlier attempt wrote is taken over.

    Raises:
        Cancelled: the run is to stop; what was written is kept.
    """
    kept = context.checkpoints / KEPT if context.checkpoints else None
    written = {row["id"]: row["said"] for row in files.read_jsonl(kept)} if kept and kept.exists() else {}
    missing = [example for example in shown if example.id not in written]
    for example, said in _written(engine, style, settings, missing, context, kept):
        written[example.id] = said
    plain = (Demonstration(example.id, example.text, example.target) for example in shown)
    reasoned: Any = style
    return [reasoned.explained(example, written[example.id]) for example in plain]


def _written(
    engine: Engine, style: PromptStyle, settings: PromptSettings, missing: Sequence[Example], context: Context,
    kept: Path | None,
) -> Iterator[tuple[Example, str]]:  # fmt: skip
    if not missing:
        return
    reasoned: Any = style
    chat = chat_template(engine) if settings.chat_template else None
    layout = lay_out(style, reasoned.explains, [], engine.neutral, chat)
    begins = engine.beginning() if chat is None else []
    shared = begins + engine.encode([layout.shared])[0]
    tail = engine.encode([layout.tail], after=style.delimited("a"))[0]
    cut = Cutter(engine, style, min(settings.max_text_tokens, engine.window // 3))
    rows = []
    for example in missing:
        text = cut(example.text)[0]
        said = engine.neutral(f" {style.delimited(text)}\n{reasoned.plain.answer(text, example.target)}")
        rows.append([*engine.encode([said], after=style.lead)[0], *tail])
    longest = max(map(len, rows)) + THINKING_TOKENS
    prefix = engine.remember(shared, rows[0], [(rows[0][-1],)], longest)
    done = 0
    for places in budget_batches([len(row) for row in rows], settings.batch_tokens):
        context.stop_if_asked()
        with memory_guard("batch_tokens", context.device):
            writings = engine.write(
                prefix, [rows[place] for place in places], THINKING_TOKENS,
                lambda ids: reasoned.explanation_ended(engine.decode(ids)),
            )  # fmt: skip
        found = [(missing[i], engine.decode(writing.ids)) for i, writing in zip(places, writings, strict=True)]
        if kept is not None:
            files.append_jsonl(kept, [{"id": example.id, "said": said} for example, said in found])
        done += len(places)
        context.report({"phase": "fit", "step": done, "steps": len(missing) + 1, "texts": done})
        yield from found

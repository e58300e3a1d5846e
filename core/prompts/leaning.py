"""What a model says whatever the text: measured once, taken out of every answer."""

from collections.abc import Callable, Sequence

import torch

from core.methods.base import Context, memory_guard
from core.prompts.asker import CONTENT_FREE, Asker
from core.prompts.demonstrations import draw
from core.tasks.base import Example

CALIBRATION_TEXTS = 48
"""Training texts, as many of each label as can be, that the model's leaning is measured on."""


def content_free_scores(asker: Asker) -> list[float]:
    """The mean log-likelihood of each label after texts that say nothing (PMI of label and text, arXiv 2104.08315)."""
    scores = torch.cat([asker.score([row]) for row in asker.rows(CONTENT_FREE)])
    found: list[float] = scores.mean(0).tolist()
    return found


def leaning(
    asker: Asker, train: Sequence[Example], context: Context, adjusted: Callable[[torch.Tensor], torch.Tensor]
) -> list[float]:
    """The log of the mean probability of each label over texts that say nothing, or over balanced training texts.

    Dividing by it is contextual calibration (arXiv 2102.09690); over training texts it is batch calibration (arXiv
    2309.17249) with each label given the same weight. `adjusted` gives log-probabilities from the scores.

    Raises:
        Cancelled: the run is to stop.
    """
    groups: dict[str, list[str]] = {}
    if asker.settings.calibration == "train_texts":
        shown = {example.text for example in asker.demonstrator.common}
        unseen = [example for example in train if example.text not in shown]
        for example in draw(unseen, CALIBRATION_TEXTS, "balanced", context.seed):
            groups.setdefault(example.target, []).append(example.text)
    if not groups:
        groups = {"": list(CONTENT_FREE)}
    rows = asker.rows([text for texts in groups.values() for text in texts])
    weights = torch.tensor([1 / len(texts) / len(groups) for texts in groups.values() for _ in texts])
    total = torch.zeros(len(asker.fitted.answers), dtype=torch.float64)
    done = 0
    for places in asker.batches(rows):
        context.stop_if_asked()
        with memory_guard("batch_tokens", context.device):
            scores = adjusted(asker.score([rows[place] for place in places]))
        total += weights[places].double() @ scores.exp()
        done += len(places)
        context.report({"phase": "fit", "step": done, "steps": len(rows) + 1})
    found: list[float] = total.clamp(min=1e-30).log().tolist()
    return found

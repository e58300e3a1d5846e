"""An encoder with heads: one that labels texts, one that tags words, or both over one pass."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from core import files
from core.errors import TradeoffError
from core.methods.base import Context
from core.methods.models import loading
from core.methods.outputs import PartOutputs
from core.methods.pretrained import load_model

WORD_HEAD = "word_head.safetensors"


class Scores(NamedTuple):
    """Scores of texts, shape (texts, labels), and of tokens, shape (texts, longest, tags); None without that head."""

    texts: torch.Tensor | None
    tokens: torch.Tensor | None


class WordHead(torch.nn.Module):
    """Tags of tokens from the encoder's last hidden states: dropout and a linear layer, as BERT's own."""

    def __init__(self, width: int, tags: int, dropout: float) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)
        self.classifier = torch.nn.Linear(width, tags)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Scores of tags, shape (texts, longest, tags)."""
        scores: torch.Tensor = self.classifier(self.dropout(states))
        return scores


class HeadedEncoder(torch.nn.Module):
    """A pretrained encoder with the classification head of its family, and a head for words beside it for both.

    `encoder` is a transformers model for sequence or token classification (`kind` tells which); with `word_head`, what
    its body gives is caught on the way to the family's head, so that one pass serves both.
    """

    def __init__(self, encoder: Any, kind: Literal["texts", "words"], word_head: WordHead | None = None) -> None:
        super().__init__()
        self.encoder, self.kind, self.word_head = encoder, kind, word_head
        self._states: torch.Tensor | None = None
        if word_head is not None:
            encoder.base_model.register_forward_hook(self._catch)

    def forward(self, **inputs: torch.Tensor) -> Scores:
        """Scores by each head."""
        scores = self.encoder(**inputs).logits
        if self.kind == "words":
            return Scores(None, scores)
        if self.word_head is None:
            return Scores(scores, None)
        states, self._states = self._states, None
        assert states is not None
        return Scores(scores, self.word_head(states))

    def _catch(self, _module: torch.nn.Module, _inputs: Any, outputs: Any) -> None:
        self._states = outputs.last_hidden_state


def load_headed(
    name: str, parts: Sequence[PartOutputs], dropout: float, context: Context, folder: Path | None = None,
    **options: Any,
) -> tuple[HeadedEncoder, set[str]]:  # fmt: skip
    """The pretrained encoder `name` with new heads for `parts`, or the one saved in `folder` with its heads.

    Returns it with the names of the encoder's weights that are new. `options` go to `from_pretrained`.

    Raises:
        TradeoffError: it cannot be found or read, or its architecture cannot do this.
    """
    texts = [label for part in parts for label in _told(part, part.text_labels, len(parts))]
    tags = [tag for part in parts for tag in _told(part, part.tags, len(parts))]
    labels = texts or tags
    if not labels:
        raise TradeoffError("No training text has a label", remedy="Take more training texts.")
    kind = AutoModelForSequenceClassification if texts else AutoModelForTokenClassification
    if len(parts) == 1 and parts[0].task.text_labels == "any":
        options["problem_type"] = "multi_label_classification"
    encoder, new = load_model(
        kind, name, context, folder, num_labels=len(labels), id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)}, ignore_mismatched_sizes=folder is None, **options,
    )  # fmt: skip
    for module in head_modules(encoder, new).values():
        for inner in module.modules():
            if isinstance(inner, torch.nn.Dropout):
                inner.p = dropout
    if not (texts and tags):
        return HeadedEncoder(encoder, "texts" if texts else "words"), new
    if encoder.base_model is encoder:
        raise TradeoffError(f"{name} cannot label texts and words at once", remedy="Choose another encoder.")
    head = WordHead(encoder.config.hidden_size, len(tags), dropout)
    if folder is not None:
        load_word_head(head, folder)
    return HeadedEncoder(encoder, "texts", head), new


def save_word_head(head: WordHead | None, folder: Path) -> None:
    """Write the head for words where there is one; the encoder saves its own."""
    if head is not None:
        tensors = {name: value.detach().cpu().contiguous() for name, value in head.state_dict().items()}
        files.write_through(folder / WORD_HEAD, lambda part: save_file(tensors, part))


def load_word_head(head: WordHead, folder: Path) -> None:
    """The inverse of `save_word_head`.

    Raises:
        TradeoffError: the file is absent or damaged.
    """
    with loading(f"saved in {folder}"):
        head.load_state_dict(load_file(folder / WORD_HEAD))


def head_modules(encoder: Any, new: set[str]) -> dict[str, torch.nn.Module]:
    """The modules that classify: all outside the base model, and those inside whose weights are new."""
    heads = {name: module for name, module in encoder.named_children() if name != encoder.base_model_prefix}
    for key in new:
        name = key.rpartition(".")[0]
        if name and not any(name == head or name.startswith(f"{head}.") for head in heads):
            heads[name] = encoder.get_submodule(name)
    return heads


def _told(part: PartOutputs, labels: Sequence[str], parts: int) -> list[str]:
    """Labels as the encoder's configuration names them: with their dataset where there are several."""
    return [f"{part.dataset}: {label}" if parts > 1 else label for label in labels]

"""Pretrained models and their tokenizers, loaded safely: safetensors only, no code of theirs, fp32 weights."""

import inspect
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoTokenizer

from core.methods.base import Context
from core.methods.batching import TextTokenizer
from core.methods.models import loading, local_path

MODEL_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def load_model(
    kind: Any, name: str, context: Context, folder: Path | None = None, **options: Any
) -> tuple[Any, set[str]]:
    """The model `name` (or the one saved in `folder`) by an AutoModel class, and the names of weights it did not bring.

    Raises:
        TradeoffError: it cannot be found, fetched or read.
    """
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    path = str(folder) if folder else local_path(name, context.models)
    with loading(name):
        model, info = kind.from_pretrained(
            path, trust_remote_code=False, use_safetensors=True, output_loading_info=True,
            **{"dtype": torch.float32, **options},
        )  # fmt: skip
    mismatched = {key if isinstance(key, str) else key[0] for key in info["mismatched_keys"]}
    return model, set(info["missing_keys"]) | mismatched


def load_tokenizer(
    name: str, model: Any, max_tokens: int, context: Context, folder: Path | None = None
) -> TextTokenizer:
    """The tokenizer of `name` (or the one saved in `folder`), fit for `model`.

    A model without a pad token gets one of its special tokens as such. `max_tokens` is lowered to the positions
    that the model has, which is noted.

    Raises:
        TradeoffError: it cannot be found, fetched or read.
    """
    path = str(folder) if folder else local_path(name, context.models)
    with loading(name):
        tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.sep_token or tokenizer.unk_token
        context.notes["pad_token"] = f"{tokenizer.pad_token} (the model has none of its own)"
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    limit = min(max_tokens, tokenizer.model_max_length, positions_of(model))
    if limit < max_tokens:
        context.notes["max_tokens"] = f"{limit}: the model reads no more"
    accepted = inspect.signature(model.forward).parameters
    return TextTokenizer(tokenizer, limit, frozenset(name for name in MODEL_INPUTS if name in accepted))


def positions_of(model: Any) -> int:
    """How many tokens the model has positions for. RoBERTa and its kin number theirs from the padding index on."""
    positions = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(positions, int) or positions <= 0:
        return 1_000_000
    embeddings = getattr(getattr(model.base_model, "embeddings", None), "position_embeddings", None)
    padding = getattr(embeddings, "padding_idx", None)
    return positions - (padding + 1 if padding is not None else 0)

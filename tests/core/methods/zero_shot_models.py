"""Tiny random GLiClass and GLiNER models, made by their libraries in a folder."""

from pathlib import Path
from typing import Any

from tests.models import tiny_encoder


def _livelier(model: Any) -> None:
    """Random weights large enough that texts and labels make a difference."""
    import torch

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(1)
        for weights in model.parameters():
            if weights.dim() > 1:
                weights.normal_(0, 0.25)


def tiny_gliclass(folder: Path, prompt_first: bool = True, max_positions: int = 128) -> Path:
    """One encoder for labels and text, as published GLiClass models have it."""
    from gliclass import GLiClassModel, GLiClassModelConfig
    from transformers import AutoConfig, AutoTokenizer

    tiny_encoder(folder / "encoder", max_positions)
    tokenizer = AutoTokenizer.from_pretrained(folder / "encoder", trust_remote_code=False)
    tokenizer.add_tokens(["<<LABEL>>", "<<SEP>>", "<<EXAMPLE>>"], special_tokens=True)
    first = len(tokenizer) - 3
    config = GLiClassModelConfig(
        encoder_config=AutoConfig.from_pretrained(folder / "encoder", trust_remote_code=False),
        encoder_model=str(folder / "encoder"),
        class_token_index=first, text_token_index=first + 1, example_token_index=first + 2, prompt_first=prompt_first,
    )  # fmt: skip
    model = GLiClassModel(config)
    model.resize_token_embeddings(len(tokenizer))
    _livelier(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tiny_gliner(folder: Path, span_mode: str = "markerV0", max_len: int = 40, max_positions: int = 128) -> Path:
    """One encoder for labels and text; `span_mode` is markerV0 (scores of spans) or token_level (of tags)."""
    from gliner import GLiNER, GLiNERConfig

    encoder = tiny_encoder(folder / "encoder", max_positions)
    config = GLiNERConfig(
        model_name=str(encoder), hidden_size=32, max_width=5, max_len=max_len, span_mode=span_mode, dropout=0.0
    )
    model = GLiNER.from_config(config, backbone_from_pretrained=False)
    _livelier(model)
    model.save_pretrained(folder, safe_serialization=True)
    return folder

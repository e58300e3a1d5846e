"""Answers of encoders of BERT's build on a CPU: all tokens of a batch in one row, without padding.

The same sums as transformers', arranged for speed: the tokens of all texts lie one after the other, so that linear
layers and norms see no padding; query, key and value are one product; activations and residuals are added on the way
out of a product; texts of one length attend together, so that no mask is needed; and where only whole texts are
labelled, the last layer is computed for the first token of each text alone.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch

from core.methods.batching import Encoded
from core.methods.byte_products import ByteProducts, Ranges
from core.methods.packed import FloatProducts, Kind, LayerProducts, can_pack

BUILT_LIKE_BERT = {"bert": "BERT", "roberta": "RoBERTa", "xlm-roberta": "XLM-RoBERTa", "camembert": "CamemBERT",
                   "electra": "ELECTRA"}  # fmt: skip
ACTIVATIONS = {"GELUActivation": "gelu", "ReLU": "relu"}


def fits(base: Any, kind: Kind) -> bool:
    """Whether the body of an encoder can be laid out so: its build, its activation and where its weights are."""
    config = base.config
    if getattr(config, "model_type", "") not in BUILT_LIKE_BERT or getattr(config, "is_decoder", False):
        return False
    if getattr(config, "position_embedding_type", "absolute") != "absolute" or not can_pack(kind):
        return False
    return all(_plain(layer, kind) for layer in base.encoder.layer) and len(base.encoder.layer) > 0


def _plain(layer: Any, kind: Kind) -> bool:
    own = layer.attention.self
    linears = (
        own.query,
        own.key,
        own.value,
        layer.attention.output.dense,
        layer.intermediate.dense,
        layer.output.dense,
    )
    activation = ACTIVATIONS.get(type(layer.intermediate.intermediate_act_fn).__name__)
    on_cpu = all(
        type(linear) is torch.nn.Linear and linear.weight.dtype == torch.float32 and linear.weight.device.type == "cpu"
        for linear in linears
    )
    return on_cpu and activation is not None and (kind != "int8" or activation == "gelu")


class FlatEncoder:
    """The body of an encoder that `fits`, laid out for answers; embeddings and norms are the model's own.

    `ranges` are those of `byte_products.measured`, for int8.
    """

    def __init__(self, base: Any, kind: Kind, ranges: Ranges | None = None) -> None:
        self.base, self.kind = base, kind
        self.layers = [_Layer(layer, kind, ranges, number) for number, layer in enumerate(base.encoder.layer)]

    def states(self, texts: Sequence[Encoded], first_only: bool = False) -> torch.Tensor:
        """The last hidden states, fp32: of all tokens, shape (tokens, width), text after text; or, with `first_only`,
        of the first token of each text, shape (texts, width)."""
        lengths = [len(text.ids) for text in texts]
        groups = [(length, len(list(same))) for length, same in groupby(lengths)]
        with torch.autocast("cpu", enabled=False):
            states = self._embedded(texts)
            for layer in self.layers[:-1]:
                states = layer(states, groups)
            starts = torch.from_numpy(np.cumsum([0, *lengths[:-1]])) if first_only else None
            return self.layers[-1](states, groups, starts)

    def _embedded(self, texts: Sequence[Encoded]) -> torch.Tensor:
        ids = np.concatenate([np.asarray(text.ids, np.int64) for text in texts])
        types = np.concatenate([np.asarray(text.types, np.int64) for text in texts])
        places = np.concatenate([self._places(text.ids) for text in texts])
        inputs, kinds, positions = (torch.from_numpy(array)[None] for array in (ids, types, places))
        states = self.base.embeddings(input_ids=inputs, token_type_ids=kinds, position_ids=positions)
        if hasattr(self.base, "embeddings_project"):
            states = self.base.embeddings_project(states)
        flat: torch.Tensor = states[0]
        return flat

    def _places(self, ids: Sequence[int]) -> np.ndarray:
        """The position of each token; RoBERTa and its kin number theirs from the padding's on."""
        padding = self.base.embeddings.position_embeddings.padding_idx
        if padding is None:
            return np.arange(len(ids))
        real = np.asarray(ids) != padding
        return np.where(real, np.cumsum(real), 0) + padding


class _Layer:
    """One layer: attention and two linear layers, each with a residual and a norm after it."""

    def __init__(self, layer: Any, kind: Kind, ranges: Ranges | None, number: int) -> None:
        own = layer.attention.self
        self.heads, self.width = own.num_attention_heads, own.all_head_size
        self.norm, self.last_norm = layer.attention.output.LayerNorm, layer.output.LayerNorm
        activation = ACTIVATIONS[type(layer.intermediate.intermediate_act_fn).__name__]
        self.products: LayerProducts
        if kind == "int8":
            assert ranges is not None, "int8 needs measured ranges"
            self.products = ByteProducts(layer, ranges, number)
        else:
            self.products = FloatProducts(layer, activation, kind)

    def __call__(
        self, states: torch.Tensor, groups: Sequence[tuple[int, int]], chosen: torch.Tensor | None = None
    ) -> torch.Tensor:
        """States of shape (tokens, width) to the next; of the `chosen` tokens alone where they are given."""
        given = self._attend(self.products.attention(states), groups)
        if chosen is not None:
            given, states = given[chosen], states[chosen]
        states = self.norm(self.products.after_attention(given, states))
        result: torch.Tensor = self.last_norm(self.products.feed_forward(states))
        return result

    def _attend(self, products: torch.Tensor, groups: Sequence[tuple[int, int]]) -> torch.Tensor:
        """Attention of texts one after the other; `groups` has the length and number of those of one length."""
        parts, start = [], 0
        for length, count in groups:
            rows = products[start : start + length * count].view(count, length, 3, self.heads, -1)
            query, key, value = rows.permute(2, 0, 3, 1, 4)
            given = torch.nn.functional.scaled_dot_product_attention(query, key, value)
            parts.append(given.transpose(1, 2).reshape(length * count, self.width))
            start += length * count
        return parts[0] if len(parts) == 1 else torch.cat(parts)

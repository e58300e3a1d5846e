"""How large a model is, without loading it: from the catalogue, a local folder or the hub's cache on disk."""

import json
import math
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.architectures import Architecture, architecture_of, cached_config
from core.catalogue import ModelCard, card
from core.spec import Record

HEADER_LIMIT = 100 * 2**20


class Shape(Record):
    """Sizes of a transformer. `parameters` counts all weights, word embeddings included.

    `layers` of a seq2seq model counts those of its encoder; its decoder has as many. `inner` is the width of the
    feed-forward part, which has three matrices where it is gated, else two. `tied`: the output layer is the table of
    word embeddings.
    """

    parameters: int
    layers: int
    hidden: int
    heads: int
    vocabulary: int
    inner: int
    kv_heads: int
    head_size: int
    gated_mlp: bool = False
    tied: bool = True
    architecture: Architecture = "encoder"

    @property
    def table(self) -> int:
        """Weights of the table of word embeddings."""
        return self.vocabulary * self.hidden

    @property
    def body(self) -> int:
        """Weights that are multiplied for every token: all but the tables of the vocabulary."""
        return max(1, self.parameters - self.table * (1 if self.tied else 2))

    @property
    def with_head(self) -> int:
        """Weights multiplied for a token whose next token is predicted: a language model's head has a row a word."""
        return self.body + self.table

    @property
    def blocks(self) -> int:
        """Transformer blocks in all: a seq2seq model's encoder and decoder."""
        return self.layers * (2 if self.architecture == "seq2seq" else 1)

    @property
    def cache_numbers(self) -> int:
        """Numbers kept a token of context while text is written: a key and a value a layer and head."""
        return 2 * self.layers * self.kv_heads * self.head_size

    @property
    def linear_ends(self) -> int:
        """Inputs + outputs summed over all linear layers of the blocks: LoRA has as many weights a rank."""
        queries, keys = self.heads * self.head_size, self.kv_heads * self.head_size
        attention = 2 * (self.hidden + queries) + 2 * (self.hidden + keys)
        feed_forward = (3 if self.gated_mlp else 2) * (self.hidden + self.inner)
        if self.architecture == "seq2seq":
            return self.layers * (3 * attention + 2 * feed_forward)
        return self.layers * (attention + feed_forward)


NAMES = {
    "hidden": ("hidden_size", "dim", "n_embd", "d_model"),
    "layers": ("num_hidden_layers", "n_layers", "n_layer", "num_layers"),
    "heads": ("num_attention_heads", "n_heads", "n_head", "num_heads"),
    "vocabulary": ("vocab_size",),
    "inner": ("intermediate_size", "hidden_dim", "n_inner", "d_ff"),
    "kv_heads": ("num_key_value_heads",),
    "head_size": ("head_dim", "d_kv"),
}
"""What configurations call each size, by the family of the model."""
NEEDED = ("hidden", "layers", "heads", "vocabulary")
GATED_TYPES = ("gemma", "modernbert")
GATED_ACTIVATIONS = ("silu", "swiglu", "geglu")


def shape_of(model: str | None) -> Shape | None:
    """The shape of a model by name or folder, or None when nothing on this machine tells it. Never downloads."""
    if not model:
        return None
    known = card(model)
    if known:
        return shape_of_card(known)
    folder = Path(model).expanduser()
    if folder.is_dir():
        return shape_of_folder(folder)
    config = cached_config(model)
    return shape_of_folder(config.parent) if config else None


def shape_of_card(known: ModelCard) -> Shape | None:
    """The shape of a model of the catalogue; None where it is not published."""
    if not (known.parameters and known.layers and known.hidden and known.heads and known.vocabulary and known.inner):
        return None
    return Shape(
        parameters=known.parameters, layers=known.layers, hidden=known.hidden, heads=known.heads,
        vocabulary=known.vocabulary, inner=known.inner, kv_heads=known.kv_heads or known.heads,
        head_size=known.head_size or known.hidden // known.heads, gated_mlp=known.gated_mlp, tied=known.tied,
        architecture=known.architecture or "encoder",
    )  # fmt: skip


def shape_of_folder(folder: Path) -> Shape | None:
    """From the configuration and the headers of the safetensors files; weights are not read."""
    for name in ("config.json", "gliner_config.json"):
        with suppress(OSError):
            return _shape_at(folder / name, (folder / name).stat().st_mtime_ns)
    return None


def count_parameters(weights: Path) -> int | None:
    """How many numbers a safetensors file holds, by its header: 8 bytes of length (little endian), then JSON."""
    try:
        with open(weights, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= min(HEADER_LIMIT, weights.stat().st_size):
                return None
            header = json.loads(file.read(length))
        return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@lru_cache(maxsize=64)
def _shape_at(config: Path, _written: int) -> Shape | None:
    """Kept until the file is written anew: a page asks this for every run of a grid and of the past."""
    return _shape(config, sorted(config.parent.glob("*.safetensors")))


def _shape(config: Path, weights: list[Path]) -> Shape | None:
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    inside = content.get("text_config") or content.get("encoder_config")
    content = {**content, **inside} if isinstance(inside, dict) else content
    sizes: dict[str, int] = {}
    for kind, names in NAMES.items():
        sizes[kind] = next((content[name] for name in names if _is_size(content.get(name))), 0)
    if not all(sizes[kind] for kind in NEEDED):
        return None
    shape = _of_sizes(sizes, content)
    counted = [count_parameters(path) for path in weights]
    known = sum(count for count in counted if count) if counted and None not in counted else from_sizes(shape)
    return shape.model_copy(update={"parameters": known}) if known > 0 else None


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _of_sizes(sizes: dict[str, int], content: dict[str, Any]) -> Shape:
    kind = architecture_of(content) or "encoder"
    activation = str(content.get("hidden_act") or content.get("hidden_activation") or "").lower()
    feed_forward = str(content.get("feed_forward_proj", ""))
    gated = str(content.get("model_type", "")).startswith(GATED_TYPES) or feed_forward.startswith("gated")
    return Shape(
        parameters=0, layers=sizes["layers"], hidden=sizes["hidden"], heads=sizes["heads"],
        vocabulary=sizes["vocabulary"], inner=sizes["inner"] or 4 * sizes["hidden"],
        kv_heads=sizes["kv_heads"] or sizes["heads"], head_size=sizes["head_size"] or sizes["hidden"] // sizes["heads"],
        gated_mlp=gated or activation in GATED_ACTIVATIONS,
        tied=kind == "encoder" or content.get("tie_word_embeddings") is not False, architecture=kind,
    )  # fmt: skip


def from_sizes(shape: Shape) -> int:
    """Weights of the matrices of a transformer of this shape; norms, biases and positions (below 1 %) left out."""
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    attention = 2 * shape.hidden * (queries + keys)
    feed_forward = (3 if shape.gated_mlp else 2) * shape.hidden * shape.inner
    a_layer = 3 * attention + 2 * feed_forward if shape.architecture == "seq2seq" else attention + feed_forward
    return shape.layers * a_layer + shape.table * (1 if shape.tied else 2)

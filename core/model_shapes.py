"""How large a model is, without loading it: from a table, from a local folder or from the hub's cache on disk."""

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.spec import Record

HEADER_LIMIT = 100 * 2**20


class Shape(Record):
    """Sizes of a transformer. `parameters` counts all weights, word embeddings included."""

    parameters: int
    layers: int
    hidden: int
    heads: int
    vocabulary: int

    @property
    def body(self) -> int:
        """Weights that are multiplied for every token: all but the embedding table, which is only looked up."""
        return max(1, self.parameters - self.vocabulary * self.hidden)

    @property
    def with_head(self) -> int:
        """Weights multiplied for a token whose next token is predicted: a language model's head reads its table."""
        return self.body + self.vocabulary * self.hidden


def _row(millions: float, layers: int, hidden: int, heads: int, vocabulary: int) -> Shape:
    return Shape(
        parameters=int(millions * 1e6), layers=layers, hidden=hidden, heads=heads, vocabulary=vocabulary
    )  # fmt: skip


KNOWN: dict[str, Shape] = {
    "minilm": _row(22.7, 6, 384, 12, 30522),
    "all-minilm-l6-v2": _row(22.7, 6, 384, 12, 30522),
    "smollm2": _row(134.5, 30, 576, 9, 49152),
    "smollm2-135m": _row(134.5, 30, 576, 9, 49152),
    "smollm2-360m": _row(361.8, 32, 960, 15, 49152),
    "smollm2-1.7b": _row(1711.4, 24, 2048, 32, 49152),
    "bert-base-uncased": _row(109.5, 12, 768, 12, 30522),
    "bert-base-cased": _row(108.3, 12, 768, 12, 28996),
    "bert-large-uncased": _row(335.1, 24, 1024, 16, 30522),
    "distilbert-base-uncased": _row(66.4, 6, 768, 12, 30522),
    "distilroberta-base": _row(82.1, 6, 768, 12, 50265),
    "roberta-base": _row(124.6, 12, 768, 12, 50265),
    "roberta-large": _row(355.4, 24, 1024, 16, 50265),
    "xlm-roberta-base": _row(278.0, 12, 768, 12, 250002),
    "xlm-roberta-large": _row(559.9, 24, 1024, 16, 250002),
    "deberta-v3-small": _row(141.3, 6, 768, 12, 128100),
    "deberta-v3-base": _row(183.8, 12, 768, 12, 128100),
    "deberta-v3-large": _row(434.0, 24, 1024, 16, 128100),
    "modernbert-base": _row(149.0, 22, 768, 12, 50368),
    "modernbert-large": _row(394.8, 28, 1024, 16, 50368),
    "qwen2.5-0.5b": _row(494.0, 24, 896, 14, 151936),
    "qwen3-0.6b": _row(596.0, 28, 1024, 16, 151936),
    "llama-3.2-1b": _row(1235.8, 16, 2048, 32, 128256),
}
"""Published sizes, from the models' cards and configurations."""

NAMES = {
    "hidden": ("hidden_size", "dim", "n_embd", "d_model"),
    "layers": ("num_hidden_layers", "n_layers", "n_layer", "num_layers"),
    "heads": ("num_attention_heads", "n_heads", "n_head", "num_heads"),
    "vocabulary": ("vocab_size",),
    "inner": ("intermediate_size", "hidden_dim", "n_inner", "d_ff"),
}


def shape_of(model: str | None) -> Shape | None:
    """The shape of a model by name or folder, or None when nothing on this machine tells it. Never downloads."""
    if not model:
        return None
    folder = Path(model).expanduser()
    if folder.is_dir():
        return shape_of_folder(folder)
    short = model.rsplit("/", 1)[-1].lower().removesuffix("-instruct")
    return KNOWN.get(short) or _cached(model)


def shape_of_folder(folder: Path) -> Shape | None:
    """From config.json and the headers of the safetensors files; weights are not read."""
    try:
        stamp = (folder / "config.json").stat().st_mtime_ns
    except OSError:
        return None
    return _shape_at(folder, stamp)


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
def _shape_at(folder: Path, _written: int) -> Shape | None:
    """Kept until config.json is written anew: a page asks this for every run of a grid and of the past."""
    return _shape(folder / "config.json", sorted(folder.glob("*.safetensors")))


def _cached(name: str) -> Shape | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(name, "config.json")
    except (HFValidationError, OSError):
        return None
    return shape_of_folder(Path(config).parent) if isinstance(config, str) else None


def _shape(config: Path, weights: list[Path]) -> Shape | None:
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    content = content if isinstance(content, dict) else {}
    found: dict[str, Any] = {}
    for kind, names in NAMES.items():
        found[kind] = next((content[name] for name in names if isinstance(content.get(name), int)), None)
    if any(not found.get(kind) for kind in ("hidden", "layers", "heads", "vocabulary")):
        return None
    counted = [count_parameters(path) for path in weights]
    inner = found.pop("inner")
    if counted and None not in counted:
        parameters = sum(count for count in counted if count)
    else:
        parameters = _from_config(found, inner, content)
    return Shape(parameters=parameters, **found) if parameters > 0 else None


def _from_config(sizes: dict[str, Any], inner: int | None, content: dict[str, Any]) -> int:
    """Attention has 4·h² weights a layer; the feed-forward part 2·h·inner, 3·h·inner where it is gated (SwiGLU)."""
    hidden = sizes["hidden"]
    gated = str(content.get("hidden_act", content.get("hidden_activation", ""))).lower() in ("silu", "swiglu", "geglu")
    layer = 4 * hidden**2 + (3 if gated else 2) * hidden * (inner or 4 * hidden)
    return int(sizes["layers"] * layer + sizes["vocabulary"] * hidden)

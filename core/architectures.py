"""What kind of transformer a model is, by its name or configuration: an encoder, a seq2seq model or a decoder."""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Architecture = Literal["encoder", "seq2seq", "decoder"]

SEQ2SEQ_TYPES = {
    "t5", "mt5", "umt5", "longt5", "switch_transformers", "t5gemma", "bart", "mbart", "pegasus", "led", "prophetnet",
    "marian", "m2m_100",
}  # fmt: skip
DECODER_TYPES = {
    "llama", "mistral", "ministral", "mixtral", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "gemma", "gemma2", "gemma3",
    "gemma3_text", "phi", "phi3", "gpt2", "gpt_neo", "gpt_neox", "gptj", "gpt_bigcode", "gpt_oss", "opt", "bloom",
    "falcon", "mpt", "stablelm", "olmo", "olmo2", "smollm3", "granite", "cohere", "cohere2", "starcoder2", "mamba",
    "deepseek_v2", "deepseek_v3", "glm", "glm4",
}  # fmt: skip
ENCODER_TYPES = {
    "bert", "roberta", "xlm-roberta", "xlm-roberta-xl", "distilbert", "deberta", "deberta-v2", "electra", "mpnet",
    "albert", "camembert", "modernbert", "nomic_bert", "big_bird", "longformer", "ernie", "funnel", "roformer",
    "mobilebert", "squeezebert", "xlnet", "xlm", "flaubert", "layoutlm", "luke", "nystromformer", "rembert",
}  # fmt: skip
"""`model_type` of config.json, as transformers names them."""

NAME_PATTERNS: tuple[tuple[str, Architecture], ...] = (
    (r"bert|electra|minilm|mpnet|xlm-?r\b|(^|\W)(bge|gte|e5|ernie|longformer|sentence)([-_]|$)", "encoder"),
    (r"(^|[-_])(m|um|long|flan-?|tk-)?t5|(^|[-_])m?bart([-_]|$)|pegasus|t0pp?([-_]|$)|flan-ul2", "seq2seq"),
    (
        r"llama|vicuna|alpaca|mistral|mixtral|ministral|qwen|gemma|smollm|(^|[-_])(phi|opt|yi|mpt)([-_]?\d|[-_]|$)"
        r"|gpt|pythia|falcon|bloom|olmo|granite|deepseek|stablelm|zephyr|starcoder|command-r|glm",
        "decoder",
    ),
)
"""Looked for in the last part of a name, in this order."""


def known_architecture(model: str) -> Architecture | None:
    """From a local folder's or the hub cache's config.json, or the name; None when none of them tells."""
    folder = Path(model).expanduser()
    config = folder / "config.json" if folder.is_dir() else cached_config(model)
    found = _of_config(config) if config else None
    return found or _of_name(model)


def cached_config(name: str) -> Path | None:
    """The config.json of a hub's model that was downloaded before; None when it was not."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, "config.json")
    except (HFValidationError, OSError):
        return None
    return Path(found) if isinstance(found, str) else None


def _of_config(config: Path) -> Architecture | None:
    try:
        return _read_config(config, config.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=256)
def _read_config(config: Path, _written: int) -> Architecture | None:
    """Kept until config.json is written anew: pages ask this for every candidate."""
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return architecture_of(content) if isinstance(content, dict) else None


def architecture_of(config: dict[str, Any]) -> Architecture | None:
    """The kind of transformer that the content of a config.json describes."""
    kind = str(config.get("model_type", ""))
    if config.get("is_encoder_decoder") is True or kind in SEQ2SEQ_TYPES:
        return "seq2seq"
    if kind in DECODER_TYPES:
        return "decoder"
    if kind in ENCODER_TYPES:
        return "encoder"
    classes = config.get("architectures")
    first = str(classes[0]) if isinstance(classes, list) and classes else ""
    if first.endswith(("ForCausalLM", "LMHeadModel")):
        return "decoder"
    return "encoder" if first.endswith(("ForMaskedLM", "ForPreTraining")) else None


def _of_name(model: str) -> Architecture | None:
    short = model.rstrip("/").rsplit("/", 1)[-1].lower()
    return next((found for pattern, found in NAME_PATTERNS if re.search(pattern, short)), None)

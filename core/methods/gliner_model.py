"""The library's GLiNER, found, checked and loaded."""

from pathlib import Path
from typing import Any

import transformers
from safetensors import safe_open

from core.errors import TradeoffError
from core.methods.base import Context
from core.methods.models import loading, local_path
from core.methods.zero_shot import library, own_configuration

COMMAND = "pip install --no-deps -r requirements-gliner.txt"
CONFIG = "gliner_config.json"
ONE_ENCODER = ("UniEncoderSpanGLiNER", "UniEncoderTokenGLiNER")


def load_gliner(name: str, context: Context) -> Any:
    """The GLiNER model `name`, whole and without code of its own.

    Raises:
        TradeoffError: it cannot be found or read, or is of a kind that finds no spans of given labels.
    """
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    folder = Path(local_path(name, context.models))
    config = own_configuration(folder / CONFIG, name)
    if any(config.get(part) for part in ("labels_encoder", "labels_decoder", "relations_layer")):
        raise TradeoffError(
            f"{name} reads labels with a second model, writes them, or finds relations",
            remedy="Choose a GLiNER model with one encoder.",
        )
    with library("gliner", COMMAND):
        from gliner import GLiNER
    with loading(name):
        model = GLiNER.from_pretrained(str(folder), local_files_only=True, map_location="cpu")
    if type(model).__name__ not in ONE_ENCODER:
        raise TradeoffError(f"{name} is a GLiNER of a kind that cannot be used here", remedy="Choose another model.")
    _check_whole(model, folder, name)
    return model


def _check_whole(model: Any, folder: Path, name: str) -> None:
    """The library leaves weights that a file lacks at random values, so that is looked at here."""
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        there = {*file.keys(), *(file.metadata() or {})}
    missing = sorted(set(model.model.state_dict()) - there)
    if missing:
        raise TradeoffError(f"Weights of {name} are missing, {missing[0]} for one", remedy="Download it again.")

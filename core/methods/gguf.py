"""The bundled SmolLM2: its quantised GGUF file is turned once into a folder that loads in a moment."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from core import files
from core.errors import TradeoffError

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
FOLDER = "smollm2-135m-instruct-1"
"""Ends in the version of the conversion: another one is made beside it."""
LONGEST_WAIT = 900.0
"""Seconds to wait for another process that converts."""


def smollm2_folder(package: Path, cache: Path) -> Path:
    """The folder of SmolLM2 with safetensors weights and tokenizer, made in `cache` when absent (some seconds).

    Two processes never convert at once, and a kill leaves no half folder: it is made beside and renamed.

    Args:
        package: the folder that holds the GGUF file.
        cache: where converted models are kept.

    Raises:
        TradeoffError: another process converts for too long, or the disk is full.
    """
    folder = cache / FOLDER
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with files.held(cache / f".{FOLDER}.lock", LONGEST_WAIT) as mine:
        if not mine:
            raise TradeoffError(
                "SmolLM2 is being prepared by another process that does not finish", str(cache),
                "Wait a minute and retry; if it stays so, end that process.",
            )  # fmt: skip
        if not folder.is_dir():
            part = cache / f".{FOLDER}.part"
            shutil.rmtree(part, ignore_errors=True)
            try:
                _convert(package, part)
                part.rename(folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
    return folder


def _convert(package: Path, target: Path) -> None:
    import torch
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    transformers.logging.disable_progress_bar()
    # Its own progress bar cannot be switched off; errors are raised, not printed.
    with redirect_stderr(io.StringIO()), _read_once():
        tokenizer = AutoTokenizer.from_pretrained(package, gguf_file=GGUF_FILE, trust_remote_code=False)
        model: Any = AutoModelForCausalLM.from_pretrained(
            package, gguf_file=GGUF_FILE, dtype=torch.float32, trust_remote_code=False
        )
    _split_digits(tokenizer)
    # The weights are plain numbers now; what says "quantised" would keep the saved model from loading.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.save_pretrained(target, safe_serialization=True)
    tokenizer.save_pretrained(target)


@contextmanager
def _read_once() -> Iterator[None]:
    """Let transformers read the file once: left alone it does so three times, and names all tensors once a module.

    Reading goes through numpy's `memmap`, whose slices are many times as slow as those of a plain array.
    """
    library: Any = import_module("gguf")
    whole, names = library.GGUFReader, library.get_tensor_name_map

    class PlainReader(whole):  # type: ignore[misc, valid-type]
        @property
        def data(self) -> Any:
            return self._plain

        @data.setter
        def data(self, mapped: Any) -> None:
            self._plain = np.asarray(mapped)

    library.GGUFReader, library.get_tensor_name_map = lru_cache(1)(PlainReader), lru_cache(1)(names)
    try:
        yield
    finally:
        library.GGUFReader, library.get_tensor_name_map = whole, names


def _split_digits(tokenizer: Any) -> None:
    """GGUF only names the split before the merges (`smollm`): digits stand alone, then the bytes of GPT-2."""
    from tokenizers import pre_tokenizers

    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )

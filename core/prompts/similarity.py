"""Finding the training texts that are most similar to a text, by the vectors of an encoder (arXiv 2101.06804)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers import AutoModel

from core.errors import TradeoffError
from core.methods.base import Context, memory_guard
from core.methods.batching import TextTokenizer
from core.methods.device import Arithmetic, arithmetic
from core.methods.inference import run_batches
from core.methods.logistic import read_tensors, write_tensors
from core.methods.pretrained import load_model, load_tokenizer
from core.methods.saved import read_about
from core.methods.shared_vectors import shelf
from core.methods.text_vectors import Pooling, TextVectors
from core.tasks.base import Example

FILE = "demonstrations.safetensors"
MAX_TOKENS = 256
BATCH_TOKENS = 2048
Found = tuple[Any, TextTokenizer, Arithmetic, Pooling]


class Finder:
    """The vectors of a pool of texts, shape (texts, width), each of length 1, and the encoder that makes more."""

    def __init__(self, encoder: "TextEncoder", vectors: NDArray[np.float32]) -> None:
        self.encoder, self.vectors = encoder, vectors

    @classmethod
    def of(cls, pool: Sequence[Example], name: str, context: Context) -> "Finder":
        """Embed the pool, once.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the encoder cannot be loaded, or memory ran out.
        """
        encoder = TextEncoder(name, context)
        texts = [example.text for example in pool]
        precision = str(encoder.arithmetic.precision)
        kept = shelf(context.shared, encoder.model, encoder.tokenizer, encoder.pooling, precision)
        if kept is None:
            return cls(encoder, encoder.vectors(texts, "fit"))

        def compute(missing: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
            return encoder.vectors(missing, "fit"), np.zeros(len(missing), bool)

        return cls(encoder, kept.vectors(texts, encoder.model.config.hidden_size, compute)[0])

    def ranked(self, texts: Sequence[str]) -> list[list[int]]:
        """For each text the places in the pool, the most similar first; equal ones in the order of the pool."""
        similar = self.encoder.vectors(texts) @ self.vectors.T
        order: list[list[int]] = np.argsort(-similar, axis=1, kind="stable").tolist()
        return order

    def save(self, folder: Path) -> None:
        """Write the vectors."""
        write_tensors(folder / FILE, {"vectors": self.vectors})

    @classmethod
    def load(cls, folder: Path, name: str, context: Context) -> "Finder":
        """Read the vectors, and the encoder by its name or run.

        Raises:
            TradeoffError: the encoder cannot be loaded.
        """
        return cls(TextEncoder(name, context), read_tensors(folder / FILE)["vectors"].astype(np.float32))


class TextEncoder:
    """A frozen encoder, its token vectors averaged; or a fine-tuned run's, by the vector of the first token."""

    def __init__(self, name: str, context: Context) -> None:
        self.context = context
        folder = context.models.parent.parent / "runs" / name / "model"
        with memory_guard("batch_tokens", context.device):
            found = _of_run(name, folder, context) if (folder.parent / "spec.json").is_file() else _named(name, context)
        self.model, self.tokenizer, self.arithmetic, self.pooling = found
        self._unit = TextVectors(*found)

    def vectors(self, texts: Sequence[str], phase: str = "") -> NDArray[np.float32]:
        """Unit vectors of shape (texts, width)."""
        result: NDArray[np.float32] = np.zeros((len(texts), self.model.config.hidden_size), np.float32)
        done = 0
        for batch in run_batches(self._unit, texts, self.tokenizer, BATCH_TOKENS, self.arithmetic, self.context):
            result[batch.positions] = batch.outputs
            done += len(batch.positions)
            if phase:
                self.context.report({"phase": phase, "step": done, "steps": len(texts) + 1, "texts": done})
        return result


def _named(name: str, context: Context) -> Found:
    where = arithmetic(context.device)
    model, _ = load_model(AutoModel, name, context)
    tokenizer = load_tokenizer(name, model, MAX_TOKENS, context)
    return model.eval().to(where.device), tokenizer, where, "mean"


def _of_run(name: str, folder: Path, context: Context) -> Found:
    """The body of a fine-tuned encoder, as its run saved it."""
    try:
        about = read_about(folder)
    except TradeoffError:
        about = {}
    if about.get("method") not in ("encoder-full", "encoder-lora"):
        raise TradeoffError(
            "The run whose vectors are to tell what is similar has no fine-tuned encoder", name,
            "Set similar_to to a finished run of -full or -lora of an encoder, or to minilm.",
        )  # fmt: skip
    from core.methods import method_class

    method = method_class(about["method"]).load(folder, context)
    return method.network.encoder.base_model.eval(), method.tokenizer, method.arithmetic, "cls"

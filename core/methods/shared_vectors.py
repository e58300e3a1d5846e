"""Vectors of texts that one run computed and others use, each with what it cost: none is taken for nothing.

A folder a *kind* of vector (weights, tokenizer, pooling, length, arithmetic, device) in `cache/embeddings`; in it a
file for all that one run computed at once: digests of the texts, vectors, and what computing them used. Who reuses
vectors is charged their share of it, as if it had computed them. Files are written whole and never changed, so any
number of processes may read, write and delete them at any time; the folder may be deleted.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from core.errors import TradeoffError
from core.metering.attribution import Ledger, difference, scaled
from core.metering.usage import Usage
from core.methods.batching import TextTokenizer
from core.methods.logistic import read_tensors, write_tensors

LARGEST_BYTES = 512 * 1024 * 1024
"""Of all files together; the longest unused go first."""
Compute = Callable[[Sequence[str]], tuple[NDArray[np.float32], NDArray[np.bool_]]]


@dataclass(frozen=True)
class Shelf:
    """The vectors of one kind, and the account that reused ones are charged to."""

    folder: Path
    ledger: Ledger

    def vectors(self, texts: Sequence[str], width: int, compute: Compute) -> tuple[NDArray[np.float32], int]:
        """Vectors of `texts`, shape (texts, width), and how many texts were cut.

        What nobody has computed yet is given to `compute`, once a text, and kept.
        """
        digests = [_digest(text) for text in texts]
        known = self._known(set(digests), width)
        missing = {digest: text for digest, text in zip(digests, texts, strict=True) if digest not in known}
        if missing:
            before = self.ledger.spent()
            found, cut = compute(list(missing.values()))
            known |= {digest: (found[i], bool(cut[i])) for i, digest in enumerate(missing)}
            self._keep(missing, found, cut, difference(self.ledger.spent(), before))
        rows = [known[digest] for digest in digests]
        stacked = np.stack([row for row, _ in rows]) if rows else np.zeros((0, width), np.float32)
        return stacked.astype(np.float32), sum(cut for _, cut in rows)

    def _known(self, wanted: set[bytes], width: int) -> dict[bytes, tuple[NDArray[np.float32], bool]]:
        """The wanted ones that others have computed; they are charged here."""
        known: dict[bytes, tuple[NDArray[np.float32], bool]] = {}
        for path in sorted(self.folder.glob("*.safetensors")):
            try:
                held = read_tensors(path)
                cost = json.loads(held["cost"].tobytes())
                digests = [row.tobytes() for row in held["digests"]]
                rows = [i for i, digest in enumerate(digests) if digest in wanted and digest not in known]
                if held["vectors"].shape != (len(digests), width) or not rows:
                    continue
                taken = {digests[i]: (held["vectors"][i], bool(held["cut"][i])) for i in rows}
                share = float(held["sizes"][rows].sum() / held["sizes"].sum())
                self.ledger.charge(scaled(Usage(**cost["usage"]), share), len(rows), cost["run"])
            except (TradeoffError, KeyError, IndexError, TypeError, ValueError):
                continue  # torn or of another release: as if it were not there
            known |= taken
            with suppress(OSError):
                os.utime(path)
        return known

    def _keep(
        self, texts: dict[bytes, str], vectors: NDArray[np.float32], cut: NDArray[np.bool_], usage: Usage | None
    ) -> None:
        """Keep what was computed, unless nobody could be told what it cost or the disk has no room."""
        if usage is None or usage.kwh is None:
            return
        cost = json.dumps({"run": self.ledger.run, "usage": usage.model_dump(mode="json")})
        name = hashlib.blake2b(b"".join(texts), digest_size=12).hexdigest()
        tensors: dict[str, Any] = {
            "digests": np.array([np.frombuffer(digest, np.uint8) for digest in texts]),
            "vectors": np.ascontiguousarray(vectors, np.float32), "cut": cut.astype(np.uint8),
            "sizes": np.array([1 + len(text) for text in texts.values()], np.int64),
            "cost": np.frombuffer(cost.encode(), np.uint8),
        }  # fmt: skip
        with suppress(TradeoffError, OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_tensors(self.folder / f"{name}.safetensors", tensors)
            sweep(self.folder.parent)


def shelf(ledger: Ledger | None, model: Any, tokenizer: TextTokenizer, pooling: str, arithmetic: str) -> Shelf | None:
    """The shelf of the vectors that this model makes in this way on the ledger's device; None where none is kept."""
    if ledger is None:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for name, weights in sorted(model.state_dict().items()):
        digest.update(f"{name} {weights.dtype} {tuple(weights.shape)}".encode())
        digest.update(weights.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    backend = getattr(tokenizer.tokenizer, "backend_tokenizer", None)
    if backend is None:  # what a slow tokenizer does cannot be told from its files
        return None
    made = [model.config.to_json_string(), backend.to_str(), tokenizer.max_tokens, sorted(tokenizer.inputs),
            pooling, arithmetic, ledger.device, torch.__version__, transformers.__version__]  # fmt: skip
    digest.update(json.dumps(made).encode())
    return Shelf(ledger.folder / digest.hexdigest(), ledger)


def sweep(root: Path, largest: int = LARGEST_BYTES) -> None:
    """Remove the files that were not used for the longest time until all fit into `largest` bytes."""
    found = []
    for path in root.glob("*/*.safetensors"):
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= largest:
            break
        path.unlink(missing_ok=True)
        total -= size


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()

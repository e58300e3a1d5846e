"""What every saved model says about itself, and how label probabilities become predictions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import files
from core.errors import TradeoffError
from core.methods.base import Prediction, Tokens
from core.methods.settings import Settings
from core.tasks.base import Example

ABOUT = "method.json"


def write_about(
    folder: Path, method: str, settings: Settings, labels: Sequence[str], model: str | None = None, **more: Any
) -> None:
    """Write `method.json`: the method, its settings, the model's name, the labels in the order of its outputs."""
    content = {"method": method, "model": model, "settings": settings.model_dump(), "labels": list(labels), **more}
    files.write_json(folder / ABOUT, content)


def read_about(folder: Path) -> dict[str, Any]:
    """The content of `method.json`.

    Raises:
        TradeoffError: there is none.
    """
    content: dict[str, Any] | None = files.read_json(folder / ABOUT)
    if content is None:
        raise TradeoffError("There is no saved model", str(folder), "Retry the run: it is fitted and saved again.")
    return content


def aligned(probabilities: NDArray, own: Sequence[str], labels: Sequence[str]) -> NDArray[np.float64]:
    """Probabilities of shape (n, own) as (n, labels): 0 for labels never trained on, each row summing to 1."""
    place = {label: i for i, label in enumerate(labels)}
    shared = [(column, place[label]) for column, label in enumerate(own) if label in place]
    result = np.zeros((len(probabilities), len(labels)))
    result[:, [to for _, to in shared]] = probabilities[:, [column for column, _ in shared]]
    sums = result.sum(1, keepdims=True)
    return np.divide(result, sums, out=np.full_like(result, 1 / max(1, len(labels))), where=sums > 0)


def softmax(logits: NDArray) -> NDArray[np.float64]:
    """Row-wise softmax in double precision, shape (n, k)."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    weights = np.exp(shifted)
    result: NDArray[np.float64] = weights / weights.sum(1, keepdims=True)
    return result


def to_prediction(
    example: Example, probabilities: NDArray, labels: Sequence[str], seconds: float, tokens: Tokens | None = None
) -> Prediction:
    """The most probable label as a prediction; `probabilities` has shape (labels,)."""
    best = int(probabilities.argmax())
    return Prediction(
        example.id, labels[best], confidence=float(probabilities[best]), probabilities=probabilities.tolist(),
        seconds=seconds, tokens=tokens or Tokens(),
    )  # fmt: skip

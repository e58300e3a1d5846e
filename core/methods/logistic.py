"""Logistic regression over fixed features: the head of every linear method."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression

from core import files
from core.errors import TradeoffError
from core.methods.base import Context
from core.methods.saved import softmax
from core.methods.settings import LinearSettings

MOST_ITERATIONS = 500
TOLERANCE = 0.0012
"""The mean gradient of one label's weights shrinks with the number of labels, and so must what counts as flat."""
MOST_CELLS = 100_000_000
"""Texts × labels: the optimiser holds several float arrays of that size."""


@dataclass
class LogisticHead:
    """Weights of shape (labels, features) and intercepts of shape (labels,)."""

    labels: list[str]
    weights: NDArray
    intercepts: NDArray

    def scores(self, features: Any) -> NDArray[np.float64]:
        """Scores of labels, shape (n, labels), of dense or sparse features of shape (n, features)."""
        result: NDArray[np.float64] = np.asarray(features @ self.weights.T) + self.intercepts
        return result

    def probabilities(self, features: Any) -> NDArray[np.float64]:
        """Probabilities of labels of which each row has one, shape (n, labels)."""
        return softmax(self.scores(features))

    def tensors(self) -> dict[str, NDArray]:
        """What `from_tensors` takes."""
        return {"weights": np.ascontiguousarray(self.weights), "intercepts": np.ascontiguousarray(self.intercepts)}

    @classmethod
    def from_tensors(cls, labels: Sequence[str], tensors: dict[str, NDArray]) -> Self:
        """The inverse of `tensors`."""
        return cls(list(labels), tensors["weights"], tensors["intercepts"])


class _Watcher:
    """scikit-learn calls this at each iteration: it reports progress and stops the fit when that is asked for."""

    def __init__(self, context: Context, fit: int = 0, fits: int = 1) -> None:
        self.context, self.iteration, self.fit, self.fits = context, 0, fit, fits

    def setup(self, *_: Any, **__: Any) -> None:
        """Nothing to set up."""

    def teardown(self, *_: Any, **__: Any) -> None:
        """Nothing to tear down."""

    def on_fit_task_begin(self, *_: Any, **__: Any) -> None:
        """An iteration starts."""
        self.context.stop_if_asked()

    def on_fit_task_end(self, *_: Any, **__: Any) -> bool:
        """An iteration is done."""
        self.iteration += 1
        share = (self.fit + min(self.iteration, MOST_ITERATIONS - 1) / MOST_ITERATIONS) / self.fits
        step = min(round(share * MOST_ITERATIONS), MOST_ITERATIONS - 1)
        self.context.report({"phase": "fit", "step": step, "steps": MOST_ITERATIONS})
        return False


def fit_head(
    features: Any, targets: Sequence[str], settings: LinearSettings, context: Context, tolerance: float | None = None
) -> LogisticHead:
    """Fit by L-BFGS, reporting each iteration. One label only, or no feature at all, gives the labels' shares.

    `tolerance` is how flat the mean gradient must be; without it, it suits texts and their labels.

    Raises:
        TradeoffError: texts × labels are more than memory holds.
        Cancelled: the run is to stop.
    """
    counts = Counter(targets)
    labels = sorted(counts)
    check_label_count(len(targets), len(labels))
    if len(labels) == 1 or features.shape[1] == 0:
        shares = np.array([counts[label] / len(targets) for label in labels])
        return LogisticHead(labels, np.zeros((len(labels), features.shape[1]), np.float32), np.log(shares))
    codes = np.searchsorted(np.array(labels, dtype=object), np.array(targets, dtype=object))
    model = _regression(settings, tolerance or min(1e-3, TOLERANCE / len(labels)), context, _Watcher(context))
    _fit(model, features, codes, context)
    weights, intercepts = model.coef_, model.intercept_
    if len(labels) == 2:
        weights, intercepts = np.vstack([0 * weights, weights]), np.append(0 * intercepts, intercepts)
    return LogisticHead(labels, weights, intercepts)


def fit_label_heads(
    features: Any, given: NDArray, labels: Sequence[str], settings: LinearSettings, context: Context
) -> LogisticHead:
    """A regression for each label by itself (one against the rest): its scores give probabilities by the sigmoid.

    Args:
        features: shape (texts, features).
        given: which text has which label, shape (texts, labels).

    Raises:
        Cancelled: the run is to stop.
    """
    weights = np.zeros((len(labels), features.shape[1]), np.float32)
    shares = given.mean(0).clip(1e-6, 1 - 1e-6)
    intercepts = np.log(shares / (1 - shares))
    for i in range(len(labels)):
        context.stop_if_asked()
        if features.shape[1] and 0 < given[:, i].sum() < len(given):
            model = _regression(settings, 1e-3, context, _Watcher(context, i, len(labels)))
            _fit(model, features, given[:, i].astype(np.int64), context)
            weights[i], intercepts[i] = model.coef_[0], model.intercept_[0]
    return LogisticHead(list(labels), weights, intercepts)


def _regression(settings: LinearSettings, tolerance: float, context: Context, watcher: _Watcher) -> LogisticRegression:
    return LogisticRegression(
        C=settings.regularisation, class_weight="balanced" if settings.class_weights else None,
        max_iter=MOST_ITERATIONS, tol=tolerance, random_state=context.seed,
    ).set_callbacks(watcher)  # fmt: skip


def _fit(model: LogisticRegression, features: Any, codes: NDArray[np.int64], context: Context) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.fit(features, codes)
    context.notes["iterations"] = context.notes.get("iterations", 0) + int(model.n_iter_[0])
    if model.n_iter_[0] >= MOST_ITERATIONS:
        context.notes["converged"] = False


def check_label_count(texts: int, labels: int) -> None:
    """Refuse what would not fit in memory.

    Raises:
        TradeoffError: texts × labels are too many.
    """
    if texts * labels > MOST_CELLS:
        raise TradeoffError(
            f"{labels:,} labels on {texts:,} texts are too many for logistic regression",
            remedy=f"Take at most {MOST_CELLS // labels:,} training texts, merge rare labels, or fine-tune an encoder.",
        )


def report_validation(metrics: dict[str, float], context: Context) -> None:
    """Report metrics on validation, the last events of the fit; without any the fit's end alone."""
    end: dict[str, Any] = {"phase": "fit", "step": MOST_ITERATIONS, "steps": MOST_ITERATIONS}
    for name, value in metrics.items():
        context.report({**end, "metric": f"validation_{name}", "value": value})
    if not metrics:
        context.report(end)


def write_tensors(path: Path, tensors: dict[str, NDArray]) -> None:
    """Write arrays as safetensors, atomically."""
    files.write_through(path, lambda part: save_file(tensors, part))


def read_tensors(path: Path) -> dict[str, NDArray]:
    """Read arrays of a safetensors file.

    Raises:
        TradeoffError: the file is absent or damaged.
    """
    try:
        tensors: dict[str, NDArray] = load_file(path)
    except Exception as error:
        raise TradeoffError(
            "The saved model cannot be read", str(path), "Retry the run: it is fitted and saved again."
        ) from error
    return tensors

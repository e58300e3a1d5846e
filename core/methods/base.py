"""The contract of a method: how a model becomes a predictor."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from core.errors import TradeoffError
from core.tasks.base import Example, Task

EXCLUDED = "left out: "
"""What the reason of a missing prediction begins with when it is to be left out of the scores, not counted as wrong."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token buckets of one or more texts: what priced APIs bill and local models compute.

    `input` counts all tokens read, `cached` those of them that were reused and not computed again.
    """

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.input + other.input,
            self.cached + other.cached,
            self.output + other.output,
            self.reasoning + other.reasoning,
        )


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a candidate answered for one example.

    `target` is the encoded prediction, or None (invalid) with the `reason`. `probabilities` are aligned to the
    label set of the context: for single_label they sum to 1, for multi_label each stands alone, and tasks with spans
    have none. `confidence` is the probability of the whole answer. `seconds` is this text's share of its batch's wall
    time.
    """

    id: str
    target: str | None
    reason: str | None = None
    confidence: float | None = None
    probabilities: Sequence[float] | None = None
    completion: str | None = None
    seconds: float = 0.0
    tokens: Tokens = Tokens()


@dataclass(frozen=True)
class Part:
    """One of several datasets that one model is fitted on together: its name, task, label set and examples."""

    dataset: str
    task: Task
    labels: list[str]
    train: Sequence[Example]
    validation: Sequence[Example]


class Cancelled(Exception):
    """Raised inside a method when the run is to stop."""


def _quiet(event: dict[str, Any]) -> None:
    pass


@dataclass
class Context:
    """What a method may use while it works.

    Attributes:
        task: the task, for scoring validation predictions.
        labels: the dataset's label set, sorted.
        dataset: the dataset's name; a method fitted on several tells by it which of them a text belongs to.
        device: "cpu" or "cuda".
        seed: seeds every random choice.
        models: folder for models converted once (`Home.cache / "models"`).
        checkpoints: folder to resume from; None when nothing is to be kept.
        report: takes progress events: `{"phase": "fit", "step": 40, "steps": 300, "loss": 0.7, "metric":
            "validation_accuracy", "value": 0.9, "epoch": 1, "learning_rate": 2e-5}`; every key but phase, step
            and steps may be left out; `message` is a line for the log.
        should_stop: asked between batches; when true the method saves a checkpoint and raises `Cancelled`.
    """

    task: Task
    labels: list[str]
    device: str = "cpu"
    seed: int = 0
    models: Path = Path("data/cache/models")
    checkpoints: Path | None = None
    report: Callable[[dict[str, Any]], None] = _quiet
    should_stop: Callable[[], bool] = lambda: False
    notes: dict[str, Any] = field(default_factory=dict)
    """Facts about the run worth keeping, e.g. truncated examples; they end in `notes` of usage.json."""
    dataset: str = ""
    fitted: Callable[[str], tuple["Method", "Context"]] | None = None
    """Gives the fitted method of another finished run by its id, with its context: whom a cascade asks."""
    account: Any = None
    """Of a method that asks a provider: the `core.clients.account.Account` of the run; None for all others."""

    shared: Any = None
    """Where vectors of texts are shared with other runs: a `core.metering.attribution.Ledger`; None: nowhere."""

    def stop_if_asked(self) -> None:
        """Raises `Cancelled` when the run is to stop."""
        if self.should_stop():
            raise Cancelled


class Method(Protocol):
    """An estimator. `fit` may be called again after a kill and resumes from `context.checkpoints`."""

    def __init__(self, settings: Any, model: str | None = None) -> None:
        """`settings` is the method's settings record, `model` a model name (see `core.methods.models`)."""

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:
        """Learn from `train`; choose (early stopping, thresholds) on `validation` only."""

    # Methods whose row says `joint` also have `fit_parts(parts: Sequence[Part], context: Context) -> None`: one model
    # for several datasets; `predict` then goes by `context.dataset`.

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """A prediction an example, in any order, as they are ready. Targets of `examples` are never looked at."""

    def save(self, folder: Path) -> None:
        """Write what `load` needs: JSON and safetensors only."""

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """The method as it was saved: its predictions are the same."""


def out_of_memory(setting: str, where: str) -> TradeoffError:
    """The error for a run that ran out of memory, naming the setting to lower."""
    return TradeoffError(
        "The run needed more memory than the device has", where, f"Lower {setting}, or choose a smaller model."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out: Python's, PyTorch's on a GPU, or its allocator's on a CPU."""
    if isinstance(error, MemoryError) or any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__):
        return True
    message = str(error).lower()
    return isinstance(error, RuntimeError) and ("allocate memory" in message or "not enough memory" in message)


@contextmanager
def memory_guard(setting: str, where: str) -> Iterator[None]:
    """Turn running out of memory into the error that names the setting to lower.

    Raises:
        TradeoffError: memory ran out in the block.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise out_of_memory(setting, where) from error
        raise

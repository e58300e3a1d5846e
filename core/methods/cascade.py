"""A cascade: a small candidate answers when it is sure, else a stronger one does.

It has no model of its own: `method.json` names the finished runs that are its stages, and they are loaded from their
own folders. `core.findings.cascades` makes one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from core.errors import TradeoffError
from core.methods.base import Context, Method, Prediction, Tokens
from core.methods.saved import read_about, write_about
from core.methods.settings import CascadeSettings
from core.tasks.base import Example


@dataclass(frozen=True)
class Stage:
    """A run that is asked: its id, its fitted method with its context, and how sure it must be; None of the last."""

    run: str
    method: Method
    context: Context
    threshold: float | None


class Cascade:
    """Stages that are asked one after the other; an answer that could not be read is passed on."""

    def __init__(self, settings: CascadeSettings, model: str | None = None) -> None:  # noqa: ARG002
        self.settings = settings
        self.runs: tuple[str, ...] = ()
        self.stages: list[Stage] = []
        self._trails: dict[str, list[tuple[str, Prediction]]] = {}

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:  # noqa: ARG002
        """There is nothing to fit.

        Raises:
            TradeoffError: always; a cascade is put together from runs that have finished.
        """
        raise TradeoffError(
            "A cascade is put together from finished runs and cannot be launched",
            remedy="Save one on the Cascade page, or by `cli.py cascade DATASET --save NAME`.",
        )

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """The answer of the first stage that is sure; its seconds and tokens are those of all stages asked."""
        self._trails = {example.id: [] for example in examples}
        waiting = list(examples)
        for stage in self.stages:
            passed = []
            own = {example.id: example for example in waiting}
            for found in stage.method.predict(waiting, stage.context) if waiting else ():
                context.stop_if_asked()
                self._trails[found.id].append((stage.run, found))
                if stage.threshold is None or stands(found, stage.threshold):
                    yield self._whole(found)
                else:
                    passed.append(own[found.id])
            waiting = passed

    def trail(self, example: str) -> list[tuple[str, Prediction]]:
        """Who was asked about an example of the last `predict`, in order: the run and what it answered."""
        return self._trails.get(example, [])

    def _whole(self, last: Prediction) -> Prediction:
        asked = [found for _, found in self._trails[last.id]]
        tokens = sum((found.tokens for found in asked), Tokens())
        return replace(last, seconds=sum(found.seconds for found in asked), tokens=tokens)

    def save(self, folder: Path) -> None:
        """Write which runs are asked, and how sure they must be."""
        write_about(folder, "cascade", self.settings, [], runs=list(self.runs))

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """Read what `save` wrote and load the stages' own models by `context.fitted`.

        Raises:
            TradeoffError: a stage's run was deleted, or whoever loads it cannot reach other runs.
        """
        about = read_about(folder)
        method = cls(CascadeSettings(**about["settings"]))
        method.runs = tuple(about["runs"])
        if context.fitted is None:
            raise TradeoffError("The stages of a cascade cannot be reached from here", str(folder))
        for run, threshold in zip(method.runs, (*method.settings.thresholds, None), strict=True):
            try:
                stage, own = context.fitted(run)
            except TradeoffError as error:
                raise TradeoffError(
                    f"A stage of the cascade cannot be loaded: {error.what}", run,
                    "Restore that run, or make the cascade again from runs that are here.",
                ) from error  # fmt: skip
            method.stages.append(Stage(run, stage, own, threshold))
        return method


def stands(found: Prediction, threshold: float) -> bool:
    """Whether a stage's answer is kept: it could be read, and is sure enough."""
    return found.target is not None and found.confidence is not None and found.confidence >= threshold

"""What the tasks share: scoring by statistics over examples."""

from collections.abc import Sequence

from core.analysis.intervals import bootstrap
from core.tasks.base import Score, Statistic


class Scored:
    """Scores every statistic of a task; the primary metric comes first."""

    primary_metric: str

    def statistics(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str]
    ) -> dict[str, Statistic]:
        """Every metric of the task as a statistic over the examples."""
        raise NotImplementedError

    def score(
        self, targets: Sequence[str], predictions: Sequence[str | None], labels: Sequence[str], split: str
    ) -> list[Score]:
        """Every metric with its interval (percentile bootstrap over examples)."""
        found = self.statistics(targets, predictions, labels)
        names = sorted(found, key=lambda name: name != self.primary_metric)
        return [Score(name, split, *bootstrap(found[name]), len(targets)) for name in names]

"""What is predicted and how it is scored: one module a task, one table of them all."""

from core.errors import unknown
from core.tasks.base import Example, Score, Task
from core.tasks.intent_slots import IntentSlots
from core.tasks.multi_label import MultiLabel
from core.tasks.single_label import SingleLabel
from core.tasks.target import Span, Target
from core.tasks.token_labels import TokenLabels

TASKS: dict[str, Task] = {task.name: task for task in (SingleLabel(), MultiLabel(), TokenLabels(), IntentSlots())}
LOWER_IS_BETTER = frozenset({"hamming_loss"})


def get_task(name: str) -> Task:
    """The task called `name`.

    Raises:
        TradeoffError: there is no such task.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return TASKS[name]


def ranking_metrics(task: str) -> dict[str, str]:
    """The metrics that candidates can be ranked by, with what they mean: those of which more is better."""
    return {name: meaning for name, meaning in get_task(task).metrics.items() if name not in LOWER_IS_BETTER}


def ranking_metric(task: str, metric: str | None = None) -> str:
    """`metric`, or the task's primary one.

    Raises:
        TradeoffError: the task has no such metric, or a lower one is better.
    """
    if metric is None:
        return get_task(task).primary_metric
    if metric not in ranking_metrics(task):
        raise unknown("metric to rank by", metric, ranking_metrics(task))
    return metric


__all__ = ["TASKS", "Example", "Score", "Span", "Target", "Task", "get_task", "ranking_metric", "ranking_metrics"]

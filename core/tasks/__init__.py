"""What is predicted and how it is scored: one module a task, one table of them all."""

from core.errors import unknown
from core.tasks.base import Example, Score, Task
from core.tasks.intent_slots import IntentSlots
from core.tasks.multi_label import MultiLabel
from core.tasks.single_label import SingleLabel
from core.tasks.target import Span, Target
from core.tasks.token_labels import TokenLabels

TASKS: dict[str, Task] = {task.name: task for task in (SingleLabel(), MultiLabel(), TokenLabels(), IntentSlots())}


def get_task(name: str) -> Task:
    """The task called `name`.

    Raises:
        TradeoffError: there is no such task.
    """
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    return TASKS[name]


__all__ = ["TASKS", "Example", "Score", "Span", "Target", "Task", "get_task"]

"""An experiment under a budget: all candidates start small, those that cannot win any more are stopped."""

from core.racing.advancing import advance
from core.racing.folder import any_open
from core.racing.managing import delete, go_on, races, restore, resume_candidate, start, stop
from core.racing.reporting import report

__all__ = ["advance", "any_open", "delete", "go_on", "races", "report", "restore", "resume_candidate", "start", "stop"]

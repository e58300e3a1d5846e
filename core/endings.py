"""Why a run's process ended without writing an end state: one sentence and the remedy, never a traceback."""

import os
import re
import signal

from core.methods import METHODS
from core.runs import RunFolder

LOG_BYTES = 20_000
LONGEST = 300
RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt)\b")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


def explained(folder: RunFolder, code: int, log_start: int = 0) -> tuple[str, str]:
    """What happened to a run whose process ended with `code` (negative: by that signal), and what to do.

    `log_start` is the size of the log before the process: what earlier attempts wrote is not its reason.
    """
    if code == -signal.SIGKILL:
        setting = METHODS[folder.spec.candidate.method].memory_setting
        lower = f"lower {setting} or " if setting else ""
        return (
            "The run's process was killed, most likely because memory ran out",
            f"Retry resumes it; if it is killed again, {lower}choose a smaller model.",
        )
    said = last_words(folder, log_start)
    how = f"was ended by {_signal_name(-code)}" if code < 0 else f"ended with code {code}"
    return f"The run's process {how}{f': {said}' if said else ''}", "The log tells more; retry resumes the run."


def last_words(folder: RunFolder, log_start: int = 0) -> str:
    """The last line of the log that says something: the exception of a traceback, or else the last line at its left."""
    try:
        with open(folder.path / "log.txt", "rb") as file:
            file.seek(max(log_start, file.seek(0, os.SEEK_END) - LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [CONTROL.sub("", line).rstrip() for line in re.split(r"[\r\n]+", text)]
    lines = [line for line in lines if line and not line[0].isspace() and "Warning: " not in line]
    raised = [line for line in lines if RAISED.match(line)] if any("Traceback" in line for line in lines) else []
    return (raised or lines or [""])[-1][:LONGEST]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

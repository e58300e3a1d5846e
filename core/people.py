"""Who launches runs: a name for the account of what was spent, nothing more."""

import getpass
import os

LONGEST = 80


def who() -> str:
    """The name in `TRADEOFF_USER`, else the system's user; empty where neither tells one."""
    name = os.environ.get("TRADEOFF_USER", "")
    if not name.strip():
        try:
            name = getpass.getuser()
        except (OSError, KeyError, ImportError):  # a container may run under a number that has no name
            return ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())[:LONGEST]

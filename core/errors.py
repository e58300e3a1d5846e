"""The one error class that is shown to a user as it is."""

import difflib
from collections.abc import Iterable


class TradeoffError(Exception):
    """Something the user can mend: what is wrong, where, and what to do about it.

    Pages show the three parts; the command line prints them in one line and exits with 2.
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.remedy = what, where, remedy

    def __str__(self) -> str:
        located = f"{self.what} ({self.where})" if self.where else self.what
        return f"{located}. {self.remedy}" if self.remedy else located


def unknown(kind: str, name: str, known: Iterable[str]) -> TradeoffError:
    """The error for a name that does not exist, with the nearest names that do.

    >>> str(unknown("candidate", "tfidf", ["tfidf-linear", "majority"]))
    'There is no candidate "tfidf". Did you mean "tfidf-linear"?'
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        remedy = f'Did you mean "{near[0]}"?'
    elif names:
        shown = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
        remedy = f"Known: {shown}."
    else:
        remedy = f"There is no {kind} yet."
    return TradeoffError(f'There is no {kind} "{name}"', remedy=remedy)

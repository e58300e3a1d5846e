"""A list of answers that were not right, page by page: the text with what is right and what was answered."""

from collections.abc import Callable, Sequence

import streamlit as st

from core import format as f
from ui.reports import spans
from ui.reports.answered import Answered

PER_PAGE = 10
GONE = "(the text is no longer here: its dataset version was deleted)"


def paged(found: Sequence[Answered], draw: Callable[[Answered], str], key: str) -> None:
    """The answers, the most confident first, ten a page; `draw` gives the HTML of one."""
    if not found:
        st.info("No text is like that.", icon=":material/filter_list:")
        return
    ordered = sorted(found, key=lambda one: -1.0 if one.confidence is None else -1.0 - one.confidence)
    pages = -(-len(ordered) // PER_PAGE)
    below = st.container()
    page = st.pagination(pages, key=f"{key}.page.{pages}") if pages > 1 else 1
    with below:
        sure = " The most confident first: there the set may be wrong, not the model." if _sure(ordered) else ""
        st.caption(f"{len(ordered):,} text{'' if len(ordered) == 1 else 's'}.{sure}")
        spans.listing(draw(one) + foot(one) for one in ordered[(page - 1) * PER_PAGE : page * PER_PAGE])


def foot(one: Answered) -> str:
    """Below an answer: its id, how sure it is, why it could not be read, and what the model wrote."""
    confidence = "" if one.confidence is None else f"confidence {f.percent(one.confidence)}"
    why = f"Why it could not be read: {one.reason}" if one.found is None and one.reason else ""
    written = spans.fold("What the model wrote", one.completion) if one.completion else ""
    return spans.small(f"id {one.id}", confidence) + (spans.small(why) if why else "") + written


def _sure(found: Sequence[Answered]) -> bool:
    return any(one.confidence is not None for one in found)

"""What a visitor reads when something is missing or went wrong: never a traceback, always a next step."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import TradeoffError
from ui.navigation import go

log = logging.getLogger("tradeoff.pages")


def show_error(error: TradeoffError) -> None:
    """What is wrong, where, and what to do about it."""
    lines = [f"**{plain(error.what)}**"]
    if error.where:
        lines.append(f"Where: {plain(error.where)}")
    if error.remedy:
        lines.append(plain(error.remedy))
    st.error("  \n".join(lines), icon=":material/error:")


def show_surprise(error: BaseException) -> None:
    """A mistake of ours: say so, and keep the details in the log."""
    log.error("A page failed", exc_info=error)
    st.error(
        f"**This page stumbled over something unforeseen** ({type(error).__name__})  \n"
        "Your data and runs are safe. Reload the page; if it stays, the dashboard's log tells the details.",
        icon=":material/report:",
    )


def on_script_error(error: Exception) -> bool:
    """Uncaught errors of callbacks and fragments end here instead of in a traceback."""
    if isinstance(error, TradeoffError):
        show_error(error)
    else:
        show_surprise(error)
    return True


@contextmanager
def told() -> Iterator[None]:
    """Show errors of the block in its place; what follows it is drawn as usual."""
    try:
        yield
    except Exception as error:
        on_script_error(error)


def empty(
    title: str, text: str, button: str = "", page: str = "", icon: str = ":material/inbox:", **go_with: str
) -> None:
    """An empty state: what would be here and one button to the next step."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"### {icon} {title}", width="content")
        st.markdown(text, width="content", text_alignment="center")
        if button and st.button(button, type="primary", key=f"empty.{page}.{title}"):
            go(page, **go_with)
        st.space("small")


def plain(text: str) -> str:
    r"""`text` with everything that Markdown would interpret made literal.

    >>> plain("a*b [x](javascript:y) $5")
    'a\\*b \\[x\\]\\(javascript\\:y\\) \\$5'
    """
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|~$:<>^" else sign for sign in text)

"""The pages in the order of the work, and how to get from one to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import streamlit as st

FOLDER = Path(__file__).parents[1] / "pages"


@dataclass(frozen=True)
class PageEntry:
    """A page: its file, title, icon and the question it answers."""

    name: str
    title: str
    icon: str
    section: str
    question: str


PAGES: dict[str, PageEntry] = {
    entry.name: entry
    for entry in (
        PageEntry("overview", "Overview", ":material/home:", "", "What is here, and what is best so far?"),
        PageEntry("datasets", "Datasets", ":material/dataset:", "Prepare", "What do my texts look like?"),
        PageEntry("launch", "Launch", ":material/rocket_launch:", "Prepare", "What shall be compared?"),
        PageEntry("race", "Race", ":material/sports_score:", "Prepare", "Who can still win, and what did it save?"),
        PageEntry("runs", "Runs", ":material/list_alt:", "Prepare", "What is running, and what has ended?"),
        PageEntry("decide", "Decide", ":material/gavel:", "Decide", "Which one do I take?"),
        PageEntry("tradeoff", "Tradeoff", ":material/scatter_plot:", "Decide", "What do right answers cost?"),
        PageEntry("compare", "Compare", ":material/compare_arrows:", "Decide", "How do a few candidates differ?"),
        PageEntry("cascade", "Cascade", ":material/stairs:", "Decide", "Can a small candidate answer most texts?"),
        PageEntry("costs", "Costs", ":material/payments:", "Decide", "What is spent, and what will a month cost?"),
        PageEntry(
            "labels", "Labels", ":material/sell:", "Decide", "Would more labels, more test texts or more seeds help?"
        ),
        PageEntry(
            "results", "Results", ":material/fact_check:", "Look closer", "How good is one run, and where is it wrong?"
        ),
        PageEntry(
            "multitask",
            "Multi-task",
            ":material/merge:",
            "Look closer",
            "One model for several tasks, or one for each?",
        ),
        PageEntry("playground", "Playground", ":material/chat:", "Use", "What do the candidates answer to a text?"),
        PageEntry("query", "Query", ":material/database:", "Use", "What else is in the records?"),
        PageEntry("settings", "Settings", ":material/settings:", "Use", "Which prices, grid and devices are assumed?"),
    )
}


def page(name: str) -> st.Page:
    """The Streamlit page called `name`."""
    entry = PAGES[name]
    return st.Page(
        FOLDER / f"{name}.py", title=entry.title, icon=entry.icon, url_path=name, default=name == "overview",
        help=entry.question,
    )  # fmt: skip


def sections() -> dict[str, list[st.Page]]:
    """All pages by section of the sidebar."""
    found: dict[str, list[st.Page]] = {}
    for entry in PAGES.values():
        found.setdefault(entry.section, []).append(page(entry.name))
    return found


def go(name: str, **parameters: str | Sequence[str]) -> NoReturn:
    """Leave for a page; `parameters` go into its URL, several values one after the other."""
    st.switch_page(page(name), query_params=parameters)


def link(name: str, label: str, icon: str | None = None, **parameters: str | Sequence[str]) -> None:
    """A link to a page."""
    st.page_link(page(name), label=label, icon=icon or PAGES[name].icon, query_params=parameters or None)

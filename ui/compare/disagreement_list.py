"""The texts that candidates answered differently, each with what is right and what every candidate said."""

from collections.abc import Mapping

import streamlit as st

from core.analysis.span_errors import judge
from core.findings.comparing import Compared
from core.tasks import Task, get_task
from ui.reports import spans
from ui.reports.answered import UNREADABLE, judged_marks
from ui.reports.mistake_list import GONE, PER_PAGE

ANY = "any difference"
NOT_RIGHT = "all wrong, differently"


def disagreements(found: Compared, texts: Mapping[str, str]) -> list[int]:
    """Draw the filters and a page of texts; gives the places of all texts that the filters let through."""
    kinds = kinds_of(found)
    task, sides = get_task(found.best.task), found.sides
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox("Texts with", list(kinds), key="differ.kind", width=340, persist_state="session",
                            format_func=lambda name: f"{name} ({len(kinds.get(name, ())):,})")  # fmt: skip
        word = st.text_input("Find", key="differ.find", placeholder="a word", icon=":material/search:", width=180)
    shown = [place for place in kinds.get(kind, []) if word.lower() in texts.get(str(sides.ids[place]), "").lower()]
    if not shown:
        st.info("No text is like that.", icon=":material/filter_list:")
        return []
    pages = -(-len(shown) // PER_PAGE)
    below = st.container()
    page = st.pagination(pages, key=f"differ.page.{pages}") if pages > 1 else 1
    with below:
        spans.listing(_drawn(found, place, texts, task) for place in shown[(page - 1) * PER_PAGE : page * PER_PAGE])
    return shown


def kinds_of(found: Compared) -> dict[str, list[int]]:
    """The places of the texts of each kind of disagreement; kinds that do not occur are left out."""
    sides, right = found.sides, found.sides.right
    differing: list[int] = sides.differing.tolist()
    kinds = {ANY: differing}
    several = len(sides.names) > 2
    for row, name in enumerate(sides.names):
        kinds[f"only {name} right"] = [p for p in differing if right[row, p] and right[:, p].sum() == 1]
        if several:
            kinds[f"only {name} wrong"] = [p for p in differing if not right[row, p] and (~right[:, p]).sum() == 1]
    kinds[NOT_RIGHT] = [p for p in differing if not right[:, p].any()]
    return {name: places for name, places in kinds.items() if places or name == ANY}


def _drawn(found: Compared, place: int, texts: Mapping[str, str], task: Task) -> str:
    """A text with every different answer and who gave it, the right one first whether or not anybody did."""
    sides, known = found.sides, sorted(task.span_label_set([label.label for label in found.labels]))
    text, target = texts.get(str(sides.ids[place]), ""), sides.target(place)
    by_answer: dict[str | None, list[str]] = {target: []}
    for row, name in enumerate(sides.names):
        share = sides.given[row, place]
        often = "" if share == 1 else f" ({share:.0%} of its runs)".replace("%", " %")
        by_answer.setdefault(sides.answer(name, place), []).append(name + often)
    told = "" if task.has_spans else spans.to_html(text, [], [], shorten=True) if text else spans.clean(GONE)
    rows = {
        ("right: " if answer == target else "") + (", ".join(names) or "none of them"): _answer(
            answer, target, text, task, known
        )
        for answer, names in by_answer.items()
    }
    return told + spans.sides(rows) + spans.small(f"id {sides.ids[place]}")


def _answer(answer: str | None, target: str, text: str, task: Task, known: list[str]) -> str:
    if answer is None:
        return spans.chip(UNREADABLE, wrong=True)
    due, given = task.decode(target), task.decode(answer)
    if answer == target:
        return spans.target_html(text, due, known, shorten=True) if task.has_spans else spans.chips(
            [spans.chip(label) for label in due.labels], "no label"
        )  # fmt: skip
    chips = [spans.chip(label, label not in due.labels, "" if label in due.labels else "wrong")
             for label in given.labels]  # fmt: skip
    if not task.has_spans:
        return spans.chips(chips, "no label")
    _, side = judge(due.spans, given.spans)
    return spans.chips(chips) + spans.to_html(text, judged_marks(side), known, shorten=True)

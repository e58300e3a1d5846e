"""Answers of several candidates side by side: cards for one text, a table for many. For every task."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import format as f
from core.tasks import Task, get_task
from ui import theme
from ui.messages import plain
from ui.reports import spans

Answers = Mapping[str, Sequence[Mapping[str, Any]]]
"""By candidate: an answer a text, as `Predictor.predict` gives them."""
MOST_BARS = 5
MOST_HIGHLIGHTED = 50
ONE_LABEL = get_task("single_label")


def in_words(answer: Mapping[str, Any], task: Task = ONE_LABEL, text: str = "") -> str | None:
    """What a candidate answered, in plain words; None when it could not be read."""
    encoded = answer["prediction"]
    return None if encoded is None else task.shown(encoded, text) or "nothing found"


def agreement(answers: Answers, place: int, task: Task = ONE_LABEL, text: str = "") -> tuple[bool, str]:
    """Whether all candidates gave the same answer to a text, and that in a sentence."""
    given = {candidate: in_words(found[place], task, text) for candidate, found in answers.items()}
    if len(given) < 2:
        return True, ""
    if len({found[place]["prediction"] for found in answers.values()}) == 1:
        return True, f"All {len(given)} agree."
    by_answer: dict[str | None, list[str]] = {}
    for candidate, said in given.items():
        by_answer.setdefault(said, []).append(candidate)
    parts = [f"{', '.join(names)}: {f.shorten(said or 'no answer', 90)}" for said, names in by_answer.items()]
    return False, f"They disagree. {' · '.join(parts)}."


def cards(answers: Answers, families: Mapping[str, str], text: str, task: Task, labels: Sequence[str]) -> None:
    """A card a candidate for one text, with what it answered, how sure it is, its time and its cost."""
    same, sentence = agreement(answers, 0, task, text)
    if sentence:
        icon = ":material/check_circle:" if same else ":material/call_split:"
        st.markdown(f"{icon} {plain(sentence)}")
    with st.grid(min_column_width=360 if task.has_spans else 260, gap="small"):
        for candidate, found in answers.items():
            with st.container(border=True, gap="small"):
                st.caption(f"{plain(candidate)} · {theme.FAMILIES[families.get(candidate, 'baseline')][0].lower()}")
                card(found[0], text, task, labels)


def card(answer: Mapping[str, Any], text: str, task: Task, labels: Sequence[str]) -> None:
    """What one candidate answered to one text."""
    if answer["prediction"] is None:
        st.markdown("### No answer")
        st.caption(plain(answer["reason"] or "The answer could not be read."))
    else:
        _answer(answer["prediction"], text, task, labels)
    _bars(answer, task)
    if answer["completion"]:
        st.caption(f"It wrote: {plain(f.shorten(answer['completion'], 200))}")
    sure = "" if answer["confidence"] is None or not task.has_spans else f"{f.percent(answer['confidence'], 0)} sure · "
    cost = "cost unknown" if answer["usd"] is None else f"{plain(f.usd(1000 * answer['usd']))} per 1,000"
    if answer.get("answered_by") not in (None, answer.get("candidate")):
        st.caption(f":material/stairs: Answered by {plain(answer['answered_by'])}")
    st.caption(f":material/timer: {sure}{f.milliseconds(1000 * answer['seconds'])} · {cost}")


def _answer(encoded: str, text: str, task: Task, labels: Sequence[str]) -> None:
    """The labels of the whole text as a heading, then the text with its spans."""
    target = task.decode(encoded)
    if task.text_labels != "none":
        st.markdown(f"### {plain(', '.join(target.labels) or 'no label')}")
    if task.has_spans:
        spans.show(text, spans.marks(target.spans), task.span_label_set(labels))
        if not target.spans:
            st.caption("Nothing found in this text.")


def _bars(answer: Mapping[str, Any], task: Task) -> None:
    given = task.decode(answer["prediction"]).labels if answer["prediction"] is not None else ()
    for label, share in likeliest(answer):
        sign = "✓ " if task.text_labels == "any" and label in given else ""
        st.progress(min(max(share, 0.0), 1.0), f"{sign}{plain(label)} · {f.percent(share, 0)}")


def likeliest(answer: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The labels with the highest probabilities, highest first."""
    shares = answer["probabilities"] or {}
    return sorted(shares.items(), key=lambda item: -item[1])[:MOST_BARS]


def table_rows(answers: Answers, texts: Sequence[str], task: Task = ONE_LABEL) -> list[dict[str, Any]]:
    """A row a text: the text, each candidate's answer in plain words and confidence, and whether they agree."""
    rows = []
    for place, text in enumerate(texts):
        row: dict[str, Any] = {"text": text}
        for candidate, found in answers.items():
            row[candidate] = in_words(found[place], task, text)
            row[f"{candidate} confidence"] = found[place]["confidence"]
        if len(answers) > 1:
            row["agree"] = agreement(answers, place, task, text)[0]
        rows.append(row)
    return rows


def table(answers: Answers, texts: Sequence[str], task: Task, labels: Sequence[str]) -> None:
    """The table of many texts, where disagreements can be sorted to the top; texts with spans highlighted below."""
    rows = table_rows(answers, texts, task)
    shown: dict[str, Any] = {"text": st.column_config.TextColumn("Text", width="large")}
    for candidate in answers:
        shown[f"{candidate} confidence"] = st.column_config.NumberColumn("confidence", format="percent", width="small")
    shown["agree"] = st.column_config.CheckboxColumn("agree", width="small")
    if len(answers) > 1:
        differ = sum(not row["agree"] for row in rows)
        st.markdown(f"The candidates agree on **{len(rows) - differ:,} of {len(rows):,}** texts.")
    st.dataframe(rows, column_config=shown, hide_index=True)
    if task.has_spans:
        highlighted(answers, texts, task, labels)
    for candidate, found in answers.items():
        seconds = sum(answer["seconds"] for answer in found)
        st.caption(f"{plain(candidate)}: {f.duration(seconds)}, {f.milliseconds(1000 * seconds / len(found))} a text")


def highlighted(answers: Answers, texts: Sequence[str], task: Task, labels: Sequence[str]) -> None:
    """Each text once a candidate, with what it found."""
    known = task.span_label_set(labels)

    def drawn(answer: Mapping[str, Any], text: str) -> str:
        if answer["prediction"] is None:
            return spans.clean(f"no answer: {answer['reason'] or 'it could not be read'}")
        return spans.target_html(text, task.decode(answer["prediction"]), known, shorten=True)

    with st.expander("Highlighted", expanded=len(texts) <= MOST_HIGHLIGHTED):
        spans.listing(
            spans.sides({candidate: drawn(found[place], text) for candidate, found in answers.items()})
            for place, text in enumerate(texts[:MOST_HIGHLIGHTED])
        )
        if len(texts) > MOST_HIGHLIGHTED:
            st.caption(f"The first {MOST_HIGHLIGHTED} of {len(texts):,} texts; the table and the files hold all.")

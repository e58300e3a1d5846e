"""Answers of several candidates side by side: cards for one text, a table for many."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core import format as f
from ui import theme
from ui.messages import plain

Answers = Mapping[str, Sequence[Mapping[str, Any]]]
"""By candidate: an answer a text, as `Predictor.predict` gives them."""
MOST_BARS = 5


def agreement(answers: Answers, place: int) -> tuple[bool, str]:
    """Whether all candidates gave the same answer to a text, and that in a sentence."""
    given = {candidate: found[place]["prediction"] for candidate, found in answers.items()}
    if len(given) < 2:
        return True, ""
    if len(set(given.values())) == 1:
        return True, f"All {len(given)} agree."
    by_answer: dict[str | None, list[str]] = {}
    for candidate, label in given.items():
        by_answer.setdefault(label, []).append(candidate)
    parts = [f"{', '.join(names)}: {label or 'no answer'}" for label, names in by_answer.items()]
    return False, f"They disagree. {' · '.join(parts)}."


def cards(answers: Answers, families: Mapping[str, str]) -> None:
    """A card a candidate for one text, with its likeliest labels, its time and its cost."""
    same, sentence = agreement(answers, 0)
    if sentence:
        icon = ":material/check_circle:" if same else ":material/call_split:"
        st.markdown(f"{icon} {plain(sentence)}")
    with st.grid(min_column_width=260, gap="small"):
        for candidate, found in answers.items():
            card(candidate, found[0], families.get(candidate, "baseline"))


def card(candidate: str, answer: Mapping[str, Any], family: str) -> None:
    """What one candidate answered to one text."""
    with st.container(border=True, gap="small"):
        st.caption(f"{plain(candidate)} · {theme.FAMILIES[family][0].lower()}")
        if answer["prediction"] is None:
            st.markdown("### No answer")
            st.caption(plain(answer["reason"] or "The answer could not be read."))
        else:
            st.markdown(f"### {plain(answer['prediction'])}")
        for label, share in likeliest(answer):
            st.progress(min(max(share, 0.0), 1.0), f"{plain(label)} · {f.percent(share, 0)}")
        if answer["completion"]:
            st.caption(f"It wrote: {plain(f.shorten(answer['completion'], 120))}")
        cost = "cost unknown" if answer["usd"] is None else f"{plain(f.usd(1000 * answer['usd']))} per 1,000"
        st.caption(f":material/timer: {f.milliseconds(1000 * answer['seconds'])} · {cost}")


def likeliest(answer: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The labels with the highest probabilities, highest first."""
    shares = answer["probabilities"] or {}
    return sorted(shares.items(), key=lambda item: -item[1])[:MOST_BARS]


def table_rows(answers: Answers, texts: Sequence[str]) -> list[dict[str, Any]]:
    """A row a text: the text, each candidate's answer and confidence, and whether they agree."""
    rows = []
    for place, text in enumerate(texts):
        row: dict[str, Any] = {"text": text}
        for candidate, found in answers.items():
            row[candidate] = found[place]["prediction"]
            row[f"{candidate} confidence"] = found[place]["confidence"]
        if len(answers) > 1:
            row["agree"] = agreement(answers, place)[0]
        rows.append(row)
    return rows


def table(answers: Answers, texts: Sequence[str]) -> None:
    """The table of many texts; disagreements can be sorted to the top."""
    rows = table_rows(answers, texts)
    shown: dict[str, Any] = {"text": st.column_config.TextColumn("Text", width="large")}
    for candidate in answers:
        shown[f"{candidate} confidence"] = st.column_config.NumberColumn("confidence", format="percent", width="small")
    shown["agree"] = st.column_config.CheckboxColumn("agree", width="small")
    if len(answers) > 1:
        differ = sum(not row["agree"] for row in rows)
        st.markdown(f"The candidates agree on **{len(rows) - differ:,} of {len(rows):,}** texts.")
    st.dataframe(rows, column_config=shown, hide_index=True)
    for candidate, found in answers.items():
        seconds = sum(answer["seconds"] for answer in found)
        st.caption(f"{plain(candidate)}: {f.duration(seconds)}, {f.milliseconds(1000 * seconds / len(found))} a text")

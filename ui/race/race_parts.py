"""The parts of the Race page: budget, saving and risk, standings, the candidate that was selected, what happened."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core import format as f
from core.metric_words import metric_name, metric_quality
from core.racing.records import Event, RaceReport, Standing
from ui import data, theme
from ui.downloads import as_command, download
from ui.messages import plain
from ui.navigation import link
from ui.race import race_actions as actions
from ui.race import race_words as words
from ui.race.race_data import visitor_zone

WHOLE = 14
EVENTS = 12
TABLE = "race.table"


def budget_card(report: RaceReport) -> None:
    """What was spent of each limit, what was saved, and the risk taken of the risk allowed."""
    with st.container(border=True, gap="xsmall"):
        for name, used, most, share in words.budget_lines(report):
            if share is None:
                of = f" of {most}" if most else "" if used == f.UNKNOWN else ", no limit"
                st.caption(f"{name}: {plain(used + of)}")
            else:
                st.progress(min(share, 1.0), f"{name}: {plain(f'{used} of {most}')}")
        st.markdown(f":material/savings: {plain(words.saving_sentence(report))}")
        st.markdown(f":material/casino: {plain(words.risk_sentence(report))}", help=words.RISK_HELP)
        if report.reused:
            many = len(report.reused)
            told = "run had finished before; what it took" if many == 1 else "runs had finished before; what they took"
            st.caption(f"{many} {told} is not in it.")


def standings_table(report: RaceReport) -> Standing:
    """All candidates, the likeliest winner first; returns the one that is selected."""
    names = [one.candidate for one in report.standings]
    place = names.index(_chosen(names, report.leader))

    def selected() -> None:
        rows = st.session_state[TABLE]["selection"]["rows"]
        if rows and rows[0] < len(names):
            st.query_params["candidate"] = names[rows[0]]

    # The row follows the candidate when the order changes.
    st.session_state[TABLE] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    st.dataframe(
        pd.DataFrame(standing_rows(report)), hide_index=True, key=TABLE, on_select=selected,
        selection_mode="single-row", height="content" if len(names) <= WHOLE else 520,
        column_config={
            "Candidate": st.column_config.Column(pinned=True),
            "Texts": st.column_config.Column(help="Training texts of its last round"),
            metric_name(report.metric): st.column_config.Column(help="On validation, with half its 95 % interval"),
            words.CHANCES[report.race.rules.aim].capitalize(): st.column_config.Column(
                help="How often it is what the race looks for, when everything that is not known yet is drawn by chance"
            ),
            "Saved, about": st.column_config.Column(help="What was not run since it was dropped: estimated"),
            "Why": st.column_config.Column(width="large"),
        },
        alt=f"{len(names)} candidates of the race with position, quality, chance, time spent and saved",
    )  # fmt: skip
    return report.standings[place]


def standing_rows(report: RaceReport) -> list[dict[str, str]]:
    """The standings as they are shown, and downloaded."""
    return [
        {
            "Position": words.position_words(one.position),
            "Candidate": one.candidate,
            "Round": f"{one.round + 1} of {report.rounds}" if one.round >= 0 else "–",
            "Texts": f"{one.texts:,}" if one.texts else "–",
            metric_name(report.metric): "–"
            if one.quality is None
            else metric_quality(report.metric, one.quality, one.low, one.high),
            words.CHANCES[report.race.rules.aim].capitalize(): words.chance(one.chance),
            "Spent": f.duration(one.spent.seconds),
            "Saved, about": f.duration(one.saved.seconds) if one.saved.seconds else "–",
            "Why": one.why,
        }
        for one in report.standings
    ]


def _chosen(names: Sequence[str], leader: str) -> str:
    """The candidate in the URL, else the leader, else the first."""
    asked = st.query_params.get("candidate", "")
    return next(name for name in (asked, leader, names[0]) if name in names)


def candidate_detail(report: RaceReport, one: Standing) -> None:
    """The selected candidate: where it stands and why, its runs, and the way back for a dropped one."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f"**{plain(one.candidate)}** · {words.position_words(one.position)}", width="content")
            actions.resume_button(report, one)
        if one.why:
            st.markdown(plain(one.why))
        spent = f"Spent {words.told(one.spent)}."
        saved = f" Saved about {words.told(one.saved)} (estimated)." if words.known(one.saved) else ""
        st.caption(plain(f"{spent}{saved}"))
        _runs(one)


def _runs(one: Standing) -> None:
    by_id = {run.run_id: run for run in data.all_runs()}
    found = [by_id[run_id] for run_id in one.runs if run_id in by_id]
    if not found:
        return
    with st.container(horizontal=True, gap="small"):
        for run in found:
            spec = run.summary.spec
            size = f"{spec.train_size:,} texts" if spec.train_size else "all texts"
            link("runs", f"{theme.status_words(run.status)} · {size} · seed {spec.seed}", run=run.run_id)


def timeline(report: RaceReport) -> None:
    """What happened, newest first, in plain words."""
    st.markdown("#### What happened")
    events, start = list(reversed(report.events)), report.race.launched_at
    with st.container(gap="xsmall"):
        for event in events[:EVENTS]:
            _event_line(event, start, report.rounds)
    if len(events) > EVENTS:
        with st.expander(f"{len(events) - EVENTS} earlier"), st.container(gap="xsmall"):
            for event in events[EVENTS:]:
                _event_line(event, start, report.rounds)


def _event_line(event: Event, start: str, rounds: int) -> None:
    icon, what, why = words.event_words(event, rounds)
    reason = f": {plain(why)}" if why else ""
    when = words.moment(event.at, start, visitor_zone())
    st.markdown(f"{icon} **{plain(what)}**{reason} :small[:gray[{plain(when)}]]")


def exports(report: RaceReport) -> None:
    """The same as a file and as a command."""
    with st.container(horizontal=True):
        download(lambda: standing_rows(report), f"{report.race.id}-standings", "race.csv", "Standings")
        download(lambda: [event_row(event) for event in report.events], f"{report.race.id}-events", "race.events",
                 "What happened")  # fmt: skip
        as_command(f"python cli.py race show {report.race.id}")


def event_row(event: Event) -> dict[str, object]:
    """An event as a row of a file."""
    return {**event.model_dump(mode="json", exclude={"saved"}), **event.saved.model_dump()}

"""Costs: what is spent, and what will a month cost?"""

import streamlit as st

from core.findings.spending import total
from ui import data
from ui.costs import cost_parts as parts
from ui.costs.spent import spent_entries
from ui.decide.record_download import record_download
from ui.downloads import as_command
from ui.messages import empty, plain
from ui.session import choose_dataset
from ui.what_if import as_options, scenario_now, told_assumptions, volume_slider, what_if

with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    st.title("Costs", anchor=False, width="content")
    info = choose_dataset(width=300)
    if info:
        volume_slider(scenario_now(), 360)
        scenario = what_if()

if info is None:
    empty("Nothing was spent yet", "First a set of labelled texts, then a few runs.", "Add a dataset", "datasets")
    st.stop()
rows, used = data.rows_of(info, scenario=scenario), spent_entries()
if not rows and not used:
    empty(
        f"No finished run on {plain(info.name)} yet", "Launch a few candidates: then their costs can be forecast.",
        "Launch candidates", "launch", ":material/rocket_launch:", dataset=info.name,
    )  # fmt: skip
    st.stop()

decision = data.decision_of(rows)
row, spent = decision.winner if decision else None, total(used)
told_assumptions(scenario)
st.subheader(plain(parts.first_sentence(row, scenario, spent)), anchor=False)
top = st.container()
if row:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.markdown("#### When is it cheaper than paying by the token?", width="content")
        reference = parts.reference_choice(info, rows, scenario)
    met = parts.break_even_of(row, reference, scenario)
    with top:
        parts.big_numbers(row, scenario, spent, met.always_on if met else None)
    if reference and met:
        parts.break_even_part(row, reference, met, scenario)
    st.markdown("#### What does each candidate cost a month?")
    parts.months_part(info, rows, row.candidate, scenario)
    st.markdown("#### What energy do right answers take?")
    parts.energy_part(rows, row, scenario)
else:
    with top:
        parts.big_numbers(None, scenario, spent, None)
    empty(
        f"No finished run on {plain(info.name)} yet", "Launch a few candidates: then their costs can be forecast.",
        "Launch candidates", "launch", ":material/rocket_launch:", dataset=info.name,
    )  # fmt: skip
st.markdown("#### What was spent so far, on all datasets?")
parts.spent_part(used)
with st.container(horizontal=True):
    if row:
        record_download(info, scenario=scenario)
    as_command(f"python cli.py breakeven {info.name} --volume {scenario.volume:.10g}{as_options(scenario)} --json\n"
               "python cli.py spent --by month --json")  # fmt: skip

"""Launch: what shall be compared?"""

import streamlit as st

from core import launch
from core.devices import resolve_device
from core.spec import RunSpec
from ui import data
from ui.downloads import as_command
from ui.launch.candidate_picker import pick_candidates
from ui.launch.estimates import estimates, in_words, total
from ui.launch.launching import ask_how, asks_any, command_line, experiment_of, preset_command, spending_cap
from ui.launch.preset_picker import choose_preset, show_preset, study_table
from ui.messages import empty, plain, told
from ui.navigation import go
from ui.race.race_form import ask_race, race_button, wants_race
from ui.session import choose_dataset, home

st.title("Launch", anchor=False)
st.markdown("Choose what shall be compared. Runs go on when you leave this page or close the browser.")
study = None
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    info = choose_dataset("1 · Dataset", width=320)
    if info:
        study = choose_preset(info)
        st.caption(f"{info.counts['train']:,} training, {info.counts['validation']:,} validation and "
                   f"{info.counts['test']:,} test texts, {len(info.labels):,} labels")  # fmt: skip
if info is None:
    empty("No dataset yet", "Candidates are compared on labelled texts: yours, or bundled ones.", "Add a dataset",
          "datasets", add="file")  # fmt: skip
    st.stop()

# Sizes and device decide the estimates on the cards, so their widgets run first and are shown after them.
cards = st.container()
st.markdown("**3 · With what**" if study else "**3 · How often and on how much**")
race = ask_race() if not study and wants_race() else None
how = ask_how(info, study is not None, race is not None)
money = st.container()
experiment, command = None, ""
with cards, told():
    if study:
        st.markdown("**2 · The study**")
        name, experiment = study
        experiment = experiment.model_copy(update={"device": how.device, "with_datasets": list(how.others)})
        show_preset(experiment)
    else:
        st.markdown("**2 · Candidates**")
        choices = pick_candidates(info, how.sizes[0], resolve_device(how.device), bool(how.others))
        taken = [choice for choice in choices if choice.taken]
        if taken:
            experiment = experiment_of(info, taken, how.seeds, how.sizes, how.device, how.others)
if experiment:
    with money:
        capped = race is not None and race.budget.usd is not None
        cap = spending_cap(asks_any(experiment) and not capped, experiment.max_usd or 5.0)
    if race:
        race, cap = race.capped(cap), None
    experiment = experiment.model_copy(update={"max_usd": cap})
    command = (
        preset_command(name, experiment)
        if study
        else command_line(
            info, taken, how.seeds, how.sizes, how.device, how.others, cap, race.options if race else None
        )
    )

specs: list[RunSpec] = []
if experiment:
    with told():
        specs = launch.specs(home(), experiment)
if race:
    if experiment:
        race_button(experiment, specs, race, command)
    st.stop()
there = {run.run_id for run in data.all_runs() if run.status in ("finished", "running", "queued")}
new = [spec for spec in specs if spec.run_id not in there]
known = len(specs) - len(new)
found = estimates(new)
if study and new:
    with cards:
        study_table(new, found)
too_big = sum(one.fits is False for one in found)
sums = total(found)
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    label = f"Launch {len(new)} run{'' if len(new) == 1 else 's'}"
    takes = in_words(sums.seconds, sums.kwh, sums.usd) if new else ""
    pressed = st.button(
        plain(f"{label} · {takes}" if new else label), type="primary", icon=":material/rocket_launch:", disabled=not new
    )
    if command:
        as_command(command)
    if known:
        st.caption(f"{known} finished before, or in the queue already, and {'is' if known == 1 else 'are'} reused.")
    if too_big:
        st.caption(f":material/warning: {too_big} will probably not fit into memory.")
if pressed and experiment:
    with told():
        launch.launch(home(), experiment)
        go("runs", of=info.name)

"""Launch: what shall be compared?"""

import streamlit as st

from core import launch
from core.devices import resolve_device
from ui import data
from ui.candidate_picker import pick_candidates
from ui.downloads import as_command
from ui.estimates import estimates, in_words, machine_devices, total
from ui.launching import Asked, command_line, experiment_of, train_sizes
from ui.messages import empty, plain, told
from ui.navigation import go
from ui.session import choose_dataset, home

st.title("Launch", anchor=False)
st.markdown("Choose what shall be compared. Runs go on when you leave this page or close the browser.")
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    info = choose_dataset("1 · Dataset", width=320)
    if info:
        st.caption(f"{info.counts['train']:,} training, {info.counts['validation']:,} validation and "
                   f"{info.counts['test']:,} test texts, {len(info.labels):,} labels")  # fmt: skip
if info is None:
    empty("No dataset yet", "Candidates are compared on labelled texts: yours, or bundled ones.", "Add a dataset",
          "datasets", add="file")  # fmt: skip
    st.stop()

# Sizes and device decide the estimates on the cards, so their widgets run first and are shown after them.
cards = st.container()
st.markdown("**3 · How often and on how much**")
with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
    asked = st.query_params.get("repeats", "")
    repeats = st.number_input(
        "Repeats", 1, 20, int(asked) if asked.isdigit() and 0 < int(asked) <= 20 else 1, key="repeats", width=160,
        help="Each repeat draws another seed; the spread between them shows how much is luck.", persist_state="session",
    )  # fmt: skip
    sizes = train_sizes(info)
    kinds = [found.kind for found in machine_devices() if found.usable]
    device: Asked = "auto"
    if len(kinds) > 1:
        asked_for: list[Asked] = ["auto", *kinds]
        device = (
            st.segmented_control("Device", asked_for, default="auto", key="device", persist_state="session") or device
        )
with cards:
    st.markdown("**2 · Candidates**")
    choices = pick_candidates(info, sizes[0], resolve_device(device))

taken = [choice for choice in choices if choice.taken]
new, known = [], 0
if taken:
    with told():
        specs = launch.specs(home(), experiment_of(info, taken, range(repeats), sizes, device))
        there = {run.run_id for run in data.all_runs() if run.status in ("finished", "running", "queued")}
        new = [spec for spec in specs if spec.run_id not in there]
        known = len(specs) - len(new)
found = estimates(info, new)
too_big = sum(one.fits is False for one in found)
sums = total(found)
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    label = f"Launch {len(new)} run{'' if len(new) == 1 else 's'}"
    takes = in_words(sums.seconds, sums.kwh, sums.usd) if new else ""
    pressed = st.button(
        plain(f"{label} · {takes}" if new else label), type="primary", icon=":material/rocket_launch:", disabled=not new
    )
    if taken:
        as_command(command_line(info, taken, range(repeats), sizes, device))
    if known:
        st.caption(f"{known} finished before, or in the queue already, and {'is' if known == 1 else 'are'} reused.")
    if too_big:
        st.caption(f":material/warning: {too_big} will probably not fit into memory.")
if pressed:
    with told():
        launch.launch(home(), experiment_of(info, taken, range(repeats), sizes, device))
        go("runs", of=info.name)

"""Runs that a page asks for, at a press: what is new, what it takes, and the way to watch it."""

from collections.abc import Sequence

import streamlit as st

from core import launch
from core.spec import Experiment, RunSpec
from ui import data
from ui.launch.estimates import estimates, in_words, total
from ui.messages import plain
from ui.navigation import go
from ui.session import home


def launch_button(asked: Sequence[Experiment], key: str) -> None:
    """A button that queues what has not run yet, with what it takes."""
    there = {run.run_id for run in data.all_runs() if run.status in ("finished", "running", "queued")}
    new = [spec for one in asked for spec in launch.specs(home(), one) if spec.run_id not in there]
    takes = _takes(tuple(spec.run_id for spec in new), new)
    words = f"Launch {len(new)} run{'' if len(new) == 1 else 's'} · {takes}" if new else "All have run"
    if st.button(plain(words), type="primary", icon=":material/rocket_launch:", disabled=not new, key=key):
        for one in asked:
            launch.launch(home(), one)
        go("runs", of=asked[0].dataset)


@st.cache_data(ttl=60, max_entries=20, show_spinner=False)
def _takes(of: tuple[str, ...], _specs: Sequence[RunSpec]) -> str:  # noqa: ARG001
    sums = total(estimates(_specs))
    return in_words(sums.seconds, sums.kwh, sums.usd)

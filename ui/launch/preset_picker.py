"""Experiments of published studies, to be launched on the dataset that is chosen."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.data.dataset import DatasetInfo
from core.estimating.estimate import Estimate
from core.planning import left_out
from core.presets import preset, presets
from core.spec import Experiment, RunSpec
from ui.launch.estimates import in_words, memory_in_words
from ui.messages import plain, told
from ui.session import choose, home

OWN = "own"


def choose_preset(info: DatasetInfo) -> tuple[str, Experiment] | None:
    """A study's experiment on the dataset, by name; None when the visitor chooses candidates."""
    named = {OWN: "candidates of your choice"}
    for found in presets():
        number = found.name.removesuffix("-small").removeprefix("study")
        named[found.name] = f"study {number}, {'small: runs here in minutes' if found.runs_here else 'whole'}"
    chosen = choose("Compare", list(named), "preset", OWN, named.__getitem__, width=320)
    return None if chosen == OWN else (chosen, preset(chosen, info.name))


def show_preset(experiment: Experiment) -> None:
    """What a study's experiment is, how often it runs on how much, and what this dataset does not allow."""
    st.markdown(experiment.description)
    sizes = ", ".join("all" if size is None else f"{size:,}" for size in experiment.train_sizes)
    seeds = len(experiment.seeds)
    st.caption(f"{seeds} repeat{'' if seeds == 1 else 's'} of each; training texts: {sizes}.")
    with told():
        missing = left_out(home(), experiment)
        if missing:
            st.caption(":material/info: Left out: " + "; ".join(plain(line) for line in missing) + ".")


def study_table(specs: Sequence[RunSpec], found: Sequence[Estimate]) -> None:
    """The runs of a study with what each will take; runs that differ in the seed alone stand in one row."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    several = len({spec.dataset for spec in specs}) > 1
    for spec, one in zip(specs, found, strict=True):
        row = rows.setdefault((spec.label, spec.dataset), {
            "Candidate": spec.label, **({"On": spec.dataset} if several else {}), "Runs": 0,
            "Fits here?": {True: "✓ fits", False: "✗ no", None: "? unknown"}[one.fits],
            "Takes": in_words(one.seconds, one.kwh, one.usd), "Needs": memory_in_words(one), "Why not": one.why_not,
        })  # fmt: skip
        row["Runs"] += 1
    st.dataframe(list(rows.values()), hide_index=True, key="study.table", alt="The runs of the study",
                 column_config={"Candidate": st.column_config.TextColumn(width=300)})  # fmt: skip
